use super::{Cell, Error, Params, Rows, Subject, query};
use crate::flow::graph::{Amount, Deed, Graph, Letters, Usage};
use crate::flow::{Class, Endpoint, Socket};

query! {
    /// Who talked to whom through sockets: each program with the protocol, both addresses and
    /// the bytes that it sent and received. Bytes that were not recorded are left open. A
    /// socket that is not connected has a row for each address that it sent to or got from.
    "peers"() of [READS, WRITES, DESCRIPTORS, CONNECTIONS]
        -> "command", "protocol", "local", "remote", "bytes_out", "bytes_in"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let mut rows: Rows = subjects
        .iter()
        .flat_map(|subject| {
            let graph = &subject.graph;
            graph.usages.iter().flat_map(move |usage| {
                let socket = graph.resource(usage.resource).filter(|it| it.class == Class::Socket);
                let socket = socket.and_then(|resource| resource.socket.as_ref());
                let socket = socket.filter(|socket| has_peer(usage, socket));
                socket.map(|socket| rows_of(subject, usage, socket)).unwrap_or_default()
            })
        })
        .collect();
    rows.sort();
    Ok(rows)
}

/// Whether it leads somewhere: not one that only waits for others.
fn has_peer(usage: &Usage, socket: &Socket) -> bool {
    let has_moved = usage.count(Deed::Read) + usage.count(Deed::Write) > 0;
    has_moved || socket.remote.is_some() && usage.count(Deed::Fail) < usage.count(Deed::Connect)
}

/// One for each address that it has to do with; bytes of which the address is not known are
/// in a row without one.
fn rows_of(subject: &Subject, usage: &Usage, socket: &Socket) -> Rows {
    let letters = letters_of(&subject.graph, usage);
    let mut rest = (usage.bytes_out, usage.bytes_in);
    let mut rows = Vec::new();
    for one in &letters {
        rest = (rest.0.less(one.bytes_out), rest.1.less(one.bytes_in));
        let bytes = (one.bytes_out, one.bytes_in);
        rows.push(row(subject, usage, socket, address(&one.remote), bytes));
    }
    if letters.is_empty() || rest != (Amount::default(), Amount::default()) {
        rows.push(row(subject, usage, socket, remote(&subject.graph, socket), rest));
    }
    rows
}

fn letters_of<'a>(graph: &'a Graph, usage: &Usage) -> Vec<&'a Letters> {
    let is_own = |one: &&Letters| one.activity == usage.activity && one.socket == usage.resource;
    graph.letters.iter().filter(is_own).collect()
}

fn row(
    subject: &Subject,
    usage: &Usage,
    socket: &Socket,
    remote: Cell,
    (bytes_out, bytes_in): (Amount, Amount),
) -> Vec<Cell> {
    let path = socket.path.as_deref().map(Cell::from);
    let local = path.or_else(|| socket.local.as_ref().map(address)).unwrap_or(Cell::Unknown);
    vec![
        subject.command(usage.activity),
        socket.protocol_name().into(),
        local,
        remote,
        bytes_out.known().into(),
        bytes_in.known().into(),
    ]
}

/// The other end; of a Unix socket the absolute path, whatever the address was relative to.
fn remote(graph: &Graph, socket: &Socket) -> Cell {
    let Some(remote) = &socket.remote else { return Cell::Unknown };
    let peer = socket.peer.and_then(|peer| graph.resource(peer)?.socket.as_ref());
    let bound = peer.and_then(|peer| peer.path.as_deref());
    let is_path = remote.path().is_some_and(|path| !path.is_empty());
    let path = socket.remote_path.as_deref().or(bound).filter(|_| is_path);
    path.map_or_else(|| address(remote), Cell::from)
}

fn address(end: &Endpoint) -> Cell {
    Cell::Text(end.to_bytes())
}
