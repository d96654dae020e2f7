use super::{Cell, Error, Params, Rows, Subject, query, sorted};
use crate::flow::Endpoint;
use crate::flow::graph::Session;

query! {
    /// Who used which database, on which server, and as whom: as the first bytes of the
    /// connections say, or where those were not recorded, the address; of SQLite the file. The
    /// servers' own ends are no rows.
    "databases"() of [READS, WRITES, DESCRIPTORS, CONNECTIONS, BYTES]
        -> "command", "system", "server", "database", "user"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let rows = subjects.iter().flat_map(|subject| {
        let clients = subject.graph.sessions.iter().filter(|session| !session.serves);
        clients.filter_map(|session| row(subject, session))
    });
    Ok(sorted(rows.collect()))
}

fn row(subject: &Subject, session: &Session) -> Option<Vec<Cell>> {
    let database = subject.graph.resource(session.database)?.database.as_ref()?;
    let text = |bytes: Option<Vec<u8>>| bytes.map_or(Cell::Unknown, Cell::Text);
    Some(vec![
        subject.command(session.activity),
        database.system.name().into(),
        text(database.server.as_ref().map(Endpoint::to_bytes)),
        text(database.name.clone()),
        text(session.user.clone()),
    ])
}
