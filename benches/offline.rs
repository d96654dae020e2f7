//! What is done with a log once it is there, in events per second: writing it,
//! reading it, building its flow, counting, turning it into each format; and how fast
//! one comes to be. What recording costs is what `overhead` measures.
//!
//! `cargo bench --bench offline`; the log is of a real run, recorded first.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rtrace::abi;
use rtrace::event::Batch;
use rtrace::export::{FORMATS, Options, Run};
use rtrace::flow::graph::Builder;
use rtrace::flow::{Flow, Item, Sink, State};
use rtrace::log::{End, Header, Reader, Writer};
use rtrace::stats::{By, Select, Stats};
use std::convert::Infallible;
use std::hint::black_box;
use std::io::{self, Cursor};
use std::process::{Command, Stdio};

/// A run that is the same everywhere and has a bit of all: paths, structs, pipes,
/// processes.
const RUN: &str = "for i in 1 2 3 4 5 6 7 8; do find /etc /usr/include -ls | sort | tail -1; done";

/// A log, and what is in it.
struct Sample {
    log: Vec<u8>,
    header: Header,
    batches: Vec<Batch>,
    records: u64,
}

fn sample() -> Sample {
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    rtrace.args(["run", "-o", "-", "--", "sh", "-c"]).arg(format!("{{ {RUN}; }} >/dev/null"));
    let output = rtrace.stderr(Stdio::inherit()).output().expect("rtrace runs");
    let mut reader = Reader::new(Cursor::new(output.stdout.clone())).expect("a log");
    let mut batches = Vec::new();
    let mut batch = Batch::new();
    while reader.next_batch(&mut batch).expect("a sound log").is_some() {
        batches.push(std::mem::take(&mut batch));
    }
    let records = batches.iter().map(|batch| batch.len() as u64).sum();
    Sample { header: reader.header().clone(), log: output.stdout, batches, records }
}

fn write(sample: &Sample, hurried: bool) -> usize {
    let mut writer =
        Writer::new(Vec::with_capacity(sample.log.len()), &sample.header).expect("written");
    writer.hurry(hurried);
    for batch in &sample.batches {
        writer.write_batch(batch).expect("written");
    }
    writer.finish(End::default()).expect("written").1.len()
}

fn read(sample: &Sample) -> usize {
    let mut reader = Reader::new(Cursor::new(sample.log.clone())).expect("a log");
    let mut batch = Batch::new();
    let mut records = 0;
    while reader.next_batch(&mut batch).expect("a sound log").is_some() {
        records += batch.len();
    }
    records
}

/// Takes the flow's items and only counts them.
struct Count(usize);

impl Sink for Count {
    type Error = Infallible;

    fn item(&mut self, _: &State, item: Item<'_>) -> Result<(), Infallible> {
        self.0 += usize::from(matches!(black_box(item), Item::Event(_)));
        Ok(())
    }
}

fn flow(sample: &Sample) -> usize {
    let (mut flow, mut count) = (Flow::new(), Count(0));
    for batch in &sample.batches {
        let Ok(()) = flow.batch(batch, &mut count);
    }
    count.0
}

fn graph(sample: &Sample) -> usize {
    let (mut flow, mut graph) = (Flow::new(), Builder::new());
    for batch in &sample.batches {
        let Ok(()) = flow.batch(batch, &mut graph);
    }
    graph.finish(flow.state()).usages.len()
}

/// Looks up the prototype of each call.
fn lookup(sample: &Sample) -> usize {
    let records = sample.batches.iter().flat_map(|batch| (0..batch.len()).map(|at| batch.get(at)));
    let calls = records.filter_map(|record| record?.call);
    calls.filter(|call| abi::lookup(black_box(call.abi), black_box(call.nr)).is_some()).count()
}

fn stats(sample: &Sample, by: By) -> usize {
    let mut stats = Stats::new(by, Select::default());
    stats.begin(&sample.header);
    for batch in &sample.batches {
        stats.batch(batch);
    }
    stats.end(true);
    stats.table().rows.len()
}

/// Records a child, from its start to its end; the log goes nowhere.
fn capture() {
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    rtrace.args(["run", "-q", "-o", "/dev/null", "--", "find", "/etc", "/usr/include", "-ls"]);
    let status = rtrace.stdout(Stdio::null()).status().expect("rtrace runs");
    assert!(status.success(), "find fails: {status}");
}

/// Calls of what [`capture`] records.
fn captured() -> u64 {
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    rtrace.args(["run", "-q", "-o", "-", "--", "find", "/etc", "/usr/include", "-ls"]);
    let output = rtrace.stderr(Stdio::null()).output().expect("rtrace runs");
    let mut reader = Reader::new(Cursor::new(output.stdout)).expect("a log");
    let (mut batch, mut calls) = (Batch::new(), 0);
    while reader.next_batch(&mut batch).expect("a sound log").is_some() {
        calls += batch.len() as u64;
    }
    calls
}

fn online(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("online");
    group.sample_size(10).throughput(Throughput::Elements(captured()));
    group.bench_function("capture", |bencher| bencher.iter(capture));
    group.finish();
}

fn offline(criterion: &mut Criterion) {
    let sample = sample();
    let mut group = criterion.benchmark_group("offline");
    group.sample_size(10).throughput(Throughput::Elements(sample.records));
    for (name, hurried) in [("write", false), ("write in haste", true)] {
        group.bench_function(name, |bencher| bencher.iter(|| write(&sample, hurried)));
    }
    group.bench_function("read", |bencher| bencher.iter(|| read(&sample)));
    group.bench_function("flow", |bencher| bencher.iter(|| flow(&sample)));
    group.bench_function("graph", |bencher| bencher.iter(|| graph(&sample)));
    group.bench_function("lookup", |bencher| bencher.iter(|| lookup(&sample)));
    for (name, by) in [("stats by call", By::Call), ("stats by file", By::File)] {
        group.bench_function(name, |bencher| bencher.iter(|| stats(&sample, by)));
    }
    for format in FORMATS {
        group.bench_function(format.name, |bencher| {
            bencher.iter(|| {
                let out = Box::new(io::sink());
                let mut exporter = format.exporter(out, &Options::default()).expect("made");
                exporter.begin(&Run::from(&sample.header)).expect("written");
                for batch in &sample.batches {
                    exporter.batch(batch).expect("written");
                }
                exporter.end().expect("written");
                exporter.finish().expect("written");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, offline, online);
criterion_main!(benches);
