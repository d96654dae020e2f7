//! From the tracer to the writer: a channel that is bounded in batches and bytes,
//! and blocks when it is full.

use crate::event::Batch;
use crate::tracer::Sink;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Batches on their way to the writer …
pub(super) const IN_FLIGHT: usize = 4;
/// … and their bytes: a batch that is larger goes alone.
const IN_FLIGHT_BYTES: usize = 8 << 20;

/// The tracer's end of the channel.
pub(super) struct Channel {
    batches: Sender<Loaded>,
    empties: Receiver<Batch>,
    room: Arc<Room>,
    /// What is to be done when the command runs.
    begun: Option<Box<dyn FnOnce()>>,
}

/// A batch on its way, and its share of the room.
pub(super) type Loaded = (Batch, Share);

/// Bytes on their way.
#[derive(Default)]
struct Room {
    used: Mutex<usize>,
    freed: Condvar,
}

/// A part of the room that is taken as long as this lives: also if the writer's
/// thread should end before it has written the batch.
pub(super) struct Share {
    room: Arc<Room>,
    bytes: usize,
}

impl Share {
    /// Takes so many bytes, as soon as there is room for them.
    fn take(room: &Arc<Room>, bytes: usize) -> Self {
        let full = |used: &mut usize| *used > 0 && *used + bytes > IN_FLIGHT_BYTES;
        let used = room.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = room.freed.wait_while(used, full).unwrap_or_else(PoisonError::into_inner);
        *used += bytes;
        drop(used);
        Self { room: Arc::clone(room), bytes }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.room.used.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.room.freed.notify_one();
    }
}

/// The writer's end of the channel.
pub(super) struct Ends {
    pub(super) batches: Receiver<Loaded>,
    pub(super) empties: Sender<Batch>,
}

impl Channel {
    /// Both ends; `begun` is called when the tracer has what it is to trace.
    pub(super) fn new(begun: Box<dyn FnOnce()>) -> (Self, Ends) {
        let (to_writer, batches) = bounded(IN_FLIGHT);
        let (to_tracer, empties) = bounded(IN_FLIGHT + 1);
        let room = Arc::default();
        let channel = Self { batches: to_writer, empties, room, begun: Some(begun) };
        (channel, Ends { batches, empties: to_tracer })
    }
}

impl Sink for Channel {
    fn begun(&mut self) {
        if let Some(begun) = self.begun.take() {
            begun();
        }
    }

    fn submit(&mut self, batch: Batch) -> Batch {
        // A writer that is gone has told so; the tree goes on unrecorded.
        let share = Share::take(&self.room, batch.weight());
        let _ = self.batches.send((batch, share));
        self.empties.try_recv().unwrap_or_default()
    }
}
