//! Peers: who talked to whom through sockets.

use std::fmt::Write as _;

use anstyle::Style;
use rtrace::export::Run;
use rtrace::export::picture::{amount_text, command, readable};
use rtrace::flow::graph::{Deed, Graph, Usage};
use rtrace::flow::{Class, Endpoint, Socket};

use super::super::table::{Column, Table};
use super::super::terminal::shown;
use super::heading;

const DIM: Style = Style::new().dimmed();

/// The connections of a run, with escape sequences for colours.
pub(super) fn text(run: &Run, graph: &Graph, width: usize, is_utf8: bool) -> String {
    let mut text = heading(run, graph, is_utf8);
    let mut columns = vec![
        Column::numbers("sent", 0, Vec::new()),
        Column::numbers("received", 0, Vec::new()),
        Column::text("protocol", Vec::new()),
        Column::text("own address", Vec::new()),
        Column::text("peer", Vec::new()),
        Column::text("process", Vec::new()),
    ];
    let mut is_empty = true;
    for (usage, socket) in
        graph.usages.iter().filter_map(|usage| Some((usage, peer(usage, graph)?)))
    {
        for (column, cell) in columns.iter_mut().zip(cells(usage, socket, graph)) {
            column.push(&shown(&cell, is_utf8));
        }
        is_empty = false;
    }
    if is_empty {
        let _ = writeln!(text, "{DIM}no process talked through a socket{DIM:#}");
        return text;
    }
    let mut table = Table::new(columns);
    table.fit(width);
    table.lines(0).for_each(|line| text.extend([&line, "\n"]));
    text
}

/// The socket of a usage, if it leads somewhere.
fn peer<'a>(usage: &Usage, graph: &'a Graph) -> Option<&'a Socket> {
    let resource = graph.resource(usage.resource).filter(|one| one.class == Class::Socket)?;
    let socket = resource.socket.as_ref()?;
    let has_moved = usage.count(Deed::Read) + usage.count(Deed::Write) > 0;
    let is_connected =
        socket.remote.is_some() && usage.count(Deed::Fail) < usage.count(Deed::Connect);
    (has_moved || is_connected).then_some(socket)
}

fn cells(usage: &Usage, socket: &Socket, graph: &Graph) -> [String; 6] {
    let end = |end: &Option<Endpoint>| {
        end.as_ref().map_or_else(String::new, |end| readable(&end.to_bytes()))
    };
    let process = graph.process_of(usage.activity);
    let whose = process.map(|process| format!("{} {}", process.pid, command(graph, process)));
    [
        amount_text(usage.bytes_out).unwrap_or_default(),
        amount_text(usage.bytes_in).unwrap_or_default(),
        socket.protocol_name().to_owned(),
        end(&socket.local),
        end(&socket.remote),
        whose.unwrap_or_default(),
    ]
}
