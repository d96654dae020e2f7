//! A run, and the questions that are put to it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::common::{Graph, Rtrace, Run, python_path, tool};

/// What stands in each column of an answer's row.
pub(crate) type Row = BTreeMap<String, String>;

/// A run that is over.
pub(crate) struct Scenario {
    pub(crate) run: Run,
    dir: String,
}

/// `rtrace` with those words.
fn rtrace<T: AsRef<OsStr>>(words: impl IntoIterator<Item = T>) -> String {
    tool(Command::new(env!("CARGO_BIN_EXE_rtrace")).args(words))
}

impl Scenario {
    /// A script of `sh`, among these files.
    #[track_caller]
    pub(crate) fn of(files: &[(&str, &str)], script: &str) -> Self {
        Self::run(files, Rtrace::run("sh").args(["-c", script]))
    }

    /// A command that ends well, among these files. Its graph must be sound, and its
    /// numbers everywhere the same.
    #[track_caller]
    pub(crate) fn run(files: &[(&str, &str)], command: Rtrace) -> Self {
        for (name, text) in files {
            let path = command.dir().join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            fs::write(path, text).expect("written");
        }
        // What runs these tests may be a make itself.
        let run = command.env("MAKEFLAGS", "").env("LC_ALL", "C").finish();
        run.exited(0);
        Graph::of(&run.log); // it is sound
        let dir = run.dir().canonicalize().expect("it is there");
        let dir = dir.into_os_string().into_string().expect("text");
        let scenario = Self { run, dir };
        scenario.agrees();
        scenario
    }

    /// The absolute path of a file of the run.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.dir)
    }

    fn command(&self, name: &str, words: &[&str]) -> String {
        let log = [OsStr::new(name), self.run.log.as_os_str()].into_iter();
        rtrace(log.chain(words.iter().map(OsStr::new)))
    }

    /// `rtrace query`: the rows.
    #[track_caller]
    pub(crate) fn rows(&self, words: &[&str]) -> Vec<Row> {
        let json = self.command("query", &[words, &["--format", "json"]].concat());
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let rows = json["results"]["bindings"].as_array().expect("rows");
        let row = |row: &Value| {
            let cells = row.as_object().expect("a row").iter();
            let value = |cell: &Value| cell["value"].as_str().expect("text").to_owned();
            cells.map(|(name, cell)| (name.clone(), value(cell))).collect()
        };
        rows.iter().map(row).collect()
    }

    /// The answer to a question that comes with rtrace.
    #[track_caller]
    pub(crate) fn ask(&self, name: &str) -> Vec<Row> {
        self.rows(&["--name", name])
    }

    /// The answer to one about a file of the run.
    #[track_caller]
    pub(crate) fn ask_of(&self, name: &str, path: &str) -> Vec<Row> {
        self.rows(&["--name", name, "--param", &format!("path={path}")])
    }

    /// All paths of an answer about a file.
    #[track_caller]
    pub(crate) fn paths(&self, name: &str, path: &str) -> BTreeSet<String> {
        self.ask_of(name, path).into_iter().map(|row| row["path"].clone()).collect()
    }

    /// Those that lie in the run's own directory, from there on.
    #[track_caller]
    pub(crate) fn own(&self, name: &str, path: &str) -> BTreeSet<String> {
        let own = |path: String| Some(path.strip_prefix(&self.path(""))?.to_owned());
        self.paths(name, path).into_iter().filter_map(own).collect()
    }

    /// What a file was made from is these files of the run's own, and no others.
    #[track_caller]
    pub(crate) fn is_from(&self, path: &str, sources: &[&str]) {
        let expected = sources.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(self.own("depends-on", path), expected, "what {path} was made from");
    }

    /// Who wrote a file: `PROGRAM BYTES`, without the bytes where those are not known.
    #[track_caller]
    pub(crate) fn wrote(&self, path: &str) -> Vec<String> {
        let rows = self.ask_of("who-wrote", path);
        rows.iter()
            .map(|row| [program(&row["command"]), number(row, "bytes")].join(" ").trim().to_owned())
            .collect()
    }

    /// Who wrote how much to whom through pipes: `PROGRAM > PROGRAM BYTES`.
    #[track_caller]
    pub(crate) fn pipes(&self) -> Vec<String> {
        let shown = |row: &Row| {
            let ends = [&row["from_command"], &row["to_command"]].map(|command| program(command));
            format!("{} {}", ends.join(" > "), row["bytes"])
        };
        let mut rows: Vec<_> = self.ask("pipes").iter().map(shown).collect();
        rows.sort();
        rows
    }

    /// `rtrace convert --to json`.
    #[track_caller]
    pub(crate) fn document(&self) -> Document {
        let text = self.command("convert", &["--to", "json"]);
        Document(serde_json::from_str(&text).expect("JSON"))
    }

    /// `rtrace convert`.
    #[track_caller]
    pub(crate) fn convert(&self, words: &[&str]) -> String {
        self.command("convert", words)
    }

    fn stats(&self, by: &str) -> Value {
        let words = ["--by", by, "--format", "json", "--top", "1000000"];
        serde_json::from_str(&self.command("stats", &words)).expect("JSON")
    }

    /// The same numbers come out wherever they are asked for.
    #[track_caller]
    fn agrees(&self) {
        let document = self.document();
        let of = |class: &str, member: &str| -> u64 {
            document.nodes(class).map(|node| known(&node[member])).sum()
        };
        // Calls and processes.
        let shown = self.command("show", &[]);
        let counts = format!(
            "{} calls, {} process",
            of("process", "calls"),
            document.nodes("process").count()
        );
        assert!(shown.contains(&format!("\n{counts}")), "{counts}: {shown}");
        let calls = self.stats("call");
        assert_eq!(known(&calls["total"]["count"]), of("process", "calls"));
        // Bytes through sockets and pipes.
        let sum = |rows: &[Row], column: &str| -> u64 {
            rows.iter().filter_map(|row| row.get(column)?.parse::<u64>().ok()).sum()
        };
        let (peers, by_peer) = (self.ask("peers"), self.stats("peer"));
        let by_peer = |member: &str| -> u64 {
            by_peer["rows"].as_array().expect("rows").iter().map(|row| known(&row[member])).sum()
        };
        let read = [sum(&peers, "bytes_in"), of("socket", "read"), by_peer("read")];
        assert_eq!(read, [read[0]; 3], "read from sockets: query, JSON, stats");
        let written = [sum(&peers, "bytes_out"), of("socket", "written"), by_peer("written")];
        assert_eq!(written, [written[0]; 3], "written to sockets: query, JSON, stats");
        let piped = "SELECT (SUM(?n) AS ?all) { ?p a rtrace:Passage; rtrace:bytes ?n;
            rtrace:from ?f; rtrace:to ?t; rtrace:through [a rtrace:Pipe] FILTER(?f != ?t) }";
        let through = document.passages("pipe").into_iter();
        let through = through.filter(|link| link["source"] != link["target"]);
        let pipes = [
            sum(&self.ask("pipes"), "bytes"),
            through.map(|link| known(&link["amount"])).sum(),
            sum(&self.rows(&["--sparql", piped]), "all"),
        ];
        assert_eq!(pipes, [pipes[0]; 3], "through pipes: query, JSON, SPARQL");
    }
}

/// A number, or at least none.
fn known(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn number(row: &Row, column: &str) -> String {
    row.get(column).cloned().unwrap_or_default()
}

/// The name of the program of a command line.
pub(crate) fn program(command: &str) -> String {
    let path = command.split(' ').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// So many bytes, written by the Python of the tests.
pub(crate) fn by_python(bytes: u64) -> String {
    format!("{} {bytes}", program(&python_path()))
}

/// A document of `--to json`.
pub(crate) struct Document(Value);

impl Document {
    fn list(&self, part: &str) -> impl Iterator<Item = &Value> {
        self.0[part].as_array().expect("a list").iter()
    }

    /// What it says of its run.
    pub(crate) fn run(&self) -> &Value {
        &self.0["meta"]["runs"][0]
    }

    /// The nodes of a class.
    pub(crate) fn nodes(&self, class: &str) -> impl Iterator<Item = &Value> {
        self.list("nodes").filter(move |node| node["class"] == class)
    }

    /// The links of a kind.
    pub(crate) fn links(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.list("links").filter(move |link| link["kind"] == kind)
    }

    /// The node of that name.
    #[track_caller]
    pub(crate) fn node(&self, id: &Value) -> &Value {
        self.list("nodes").find(|node| node["id"] == *id).expect("no link leads nowhere")
    }

    /// What went through resources of a class, as bytes or messages.
    pub(crate) fn passages(&self, class: &str) -> Vec<&Value> {
        let ids: BTreeSet<_> = self.nodes(class).filter_map(|node| node["id"].as_str()).collect();
        let is_through =
            |link: &&Value| link["through"].as_str().is_some_and(|id| ids.contains(id));
        let streams = self.links("passage").filter(is_through);
        streams.filter(|link| link["carrier"] == "bytes" || link["carrier"] == "messages").collect()
    }

    /// `PARENT > CHILD` for the links of a kind between processes, by what each ran last.
    #[track_caller]
    pub(crate) fn ties(&self, kind: &str) -> Vec<String> {
        let name = |id: &Value| program(self.node(id)["label"].as_str().unwrap_or_default());
        let tie = |link: &Value| [name(&link["source"]), name(&link["target"])].join(" > ");
        let mut ties: Vec<_> = self.links(kind).map(tie).collect();
        ties.sort();
        ties
    }
}
