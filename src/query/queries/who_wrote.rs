use super::super::contents::Contents;
use super::{Cell, Error, Params, Rows, Subject, at_path, query, sorted};

query! {
    /// Who wrote the file that has, or had, this path: each program with its process id and
    /// how many bytes it wrote, none if it mapped the file to write it. What counts is the
    /// content: who renamed a file wrote nothing. If nobody wrote, who made or emptied it. Where
    /// calls that write were not recorded, `bytes` is left open, and who opened the file to write
    /// is a row too.
    "who-wrote"("path") of [WRITES, MAPS, DESCRIPTORS, NAMES]
        -> "path", "pid", "command", "bytes"; answer
}

fn answer(subjects: &[Subject], params: &Params<'_>) -> Result<Rows, Error> {
    let mut rows = Rows::new();
    for (run, name) in at_path(subjects, params)? {
        let Some(subject) = subjects.get(run) else { continue };
        let contents = Contents::new(&subject.graph);
        let mut by_activity: Vec<(_, Option<u64>)> = Vec::new();
        for content in contents.named(name) {
            for writer in contents.writers(content) {
                match by_activity.iter_mut().find(|(activity, _)| *activity == writer.activity) {
                    Some((_, sum)) => *sum = sum.zip(writer.bytes).map(|(a, b)| a + b),
                    None => by_activity.push((writer.activity, writer.bytes)),
                }
            }
        }
        let may_write = subject.graph.usages.iter().filter(|usage| {
            usage.resource == name && usage.can_give && usage.bytes_out.is_at_least
        });
        for usage in may_write {
            if by_activity.iter().all(|(activity, _)| *activity != usage.activity) {
                by_activity.push((usage.activity, None));
            }
        }
        rows.extend(by_activity.into_iter().map(|(activity, bytes)| {
            let path = Cell::from(subject.name(name));
            vec![path, subject.pid(activity), subject.command(activity), bytes.into()]
        }));
    }
    Ok(sorted(rows))
}
