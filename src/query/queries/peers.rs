use super::{Cell, Error, Params, Rows, Subject, query};
use crate::flow::graph::{Deed, Usage};
use crate::flow::{Class, Socket};

query! {
    /// Who talked to whom through sockets: each program with the protocol, both addresses and
    /// the bytes that it sent and received. Bytes that were not recorded are left open.
    "peers"() of [READS, WRITES, DESCRIPTORS, CONNECTIONS]
        -> "command", "protocol", "local", "remote", "bytes_out", "bytes_in"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let mut rows: Rows = subjects
        .iter()
        .flat_map(|subject| {
            let graph = &subject.graph;
            graph.usages.iter().filter_map(move |usage| {
                let resource = graph.resource(usage.resource)?;
                let socket = resource.socket.as_ref()?;
                let is_peer = resource.class == Class::Socket && has_peer(usage, socket);
                is_peer.then(|| row(subject, usage, socket))
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

fn row(subject: &Subject, usage: &Usage, socket: &Socket) -> Vec<Cell> {
    let end = |end: &Option<crate::flow::Endpoint>| {
        end.as_ref().map_or(Cell::Unknown, |end| Cell::Text(end.to_bytes()))
    };
    vec![
        subject.command(usage.activity),
        socket.protocol_name().into(),
        end(&socket.local),
        end(&socket.remote),
        usage.bytes_out.known().into(),
        usage.bytes_in.known().into(),
    ]
}
