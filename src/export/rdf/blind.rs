//! What could not be seen, as triples.

use std::io;

use super::graph::Graph;
use super::text::readable;
use super::vocabulary as v;
use super::writer::Triples;
use crate::export::Detail;
use crate::flow::BlindSpot;

impl<T: Triples> Graph<T> {
    pub(super) fn blind_spot(&mut self, spot: &BlindSpot<'_>) -> io::Result<()> {
        self.names.blind_spot(spot, &mut self.subject);
        self.class(v::BLIND_SPOT_CLASS)?;
        if self.detail == Detail::Event {
            self.names.thread(spot.event.task, &mut self.object);
            self.link(v::THREAD)?;
        }
        if spot.is_recorded && self.detail == Detail::Event {
            self.names.event(spot.event, &mut self.object);
            self.link(v::NOTICED_AT)?;
        }
        if let Some(pid) = spot.pid {
            self.integer(v::PID, pid)?;
        }
        self.time(v::AT_TIME, spot.time)?;
        self.plain(v::REASON, &readable(spot.why))
    }
}
