//! Which run a log is of.

use crate::flow::{Flow, Omitted, Sort};
use crate::log::Header;
use crate::merge::Aligned;

/// What exporters need of a log's header.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The run's UUID.
    pub uuid: [u8; 16],
    /// Host name.
    pub host: Vec<u8>,
    /// `/etc/machine-id`, if there is one.
    pub machine_id: String,
    /// `/proc/sys/kernel/random/boot_id`, if it is known.
    pub boot_id: String,
    /// Addresses of the machine's network interfaces.
    pub addresses: Vec<String>,
    /// Kernel release.
    pub kernel: String,
    /// Nanoseconds since 1970 when the run started, by the clock of its machine
    /// (CLOCK_REALTIME).
    pub started: u64,
    /// Among runs of several machines, the same by a clock that all are aligned to.
    pub aligned: Option<Aligned>,
    /// argv of the command.
    pub command: Vec<Vec<u8>>,
    /// The directory it was started in.
    pub cwd: Vec<u8>,
    /// The set of calls that the log has (`-e trace=`); `None` is all.
    pub calls: Option<String>,
    /// The processes or threads that the log was cut to; empty: all.
    pub processes: Vec<u32>,
    /// Bytes kept of each buffer (`-s`); `None` if the header is lost.
    pub kept: Option<u64>,
}

impl From<&Header> for Run {
    fn from(header: &Header) -> Self {
        Self {
            uuid: header.run,
            host: header.host.name.clone(),
            machine_id: header.host.machine_id.clone(),
            boot_id: header.host.boot_id.clone(),
            addresses: header.host.addresses.clone(),
            kernel: header.host.kernel.clone(),
            started: header.clock.realtime,
            aligned: None,
            command: header.command.clone(),
            cwd: header.cwd.clone(),
            calls: header.options.trace.clone(),
            processes: header.options.processes.clone(),
            // A header that was lost has no clock either.
            kept: Some(header.options.string_limit).filter(|_| header.clock.realtime != 0),
        }
    }
}

impl Run {
    /// Which calls the log does not have.
    pub fn omitted(&self) -> Omitted {
        Omitted::by_set(self.calls.as_deref())
    }

    /// What the log does not have, or not all of, in a word each: sorts of calls, and other
    /// processes than those that it was cut to.
    pub fn left_out(&self) -> Vec<&'static str> {
        let sorts = self.omitted().sorts().map(Sort::name).collect::<Vec<_>>();
        let others = (!self.processes.is_empty()).then_some("processes");
        sorts.into_iter().chain(others).collect()
    }

    /// The run's flow, which has not begun.
    pub fn flow(&self) -> Flow {
        let mut flow = Flow::new();
        flow.set_cwd(&self.cwd);
        flow.set_started(self.started);
        flow.set_omitted(self.omitted());
        if !self.processes.is_empty() {
            flow.set_cut();
        }
        flow
    }

    /// When the run started: nanoseconds since 1970, by the clock that all are aligned to,
    /// if there is one.
    pub fn start(&self) -> u64 {
        let aligned = self.aligned.and_then(|aligned| u64::try_from(aligned.started).ok());
        aligned.unwrap_or(self.started)
    }

    /// The same, UTC in RFC 3339's form.
    pub fn start_text(&self) -> String {
        let mut text = String::new();
        super::time::write_utc(self.start(), &mut text);
        text
    }

    /// The UUID in the usual form, RFC 9562.
    pub fn uuid_text(&self) -> String {
        uuid_text(&self.uuid)
    }
}

/// A UUID in the usual form, RFC 9562.
pub fn uuid_text(uuid: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_usual_form() {
        let uuid = std::array::from_fn(|i| i as u8 * 17);
        let run = Run { uuid, ..Run::default() };
        assert_eq!(run.uuid_text(), "00112233-4455-6677-8899-aabbccddeeff");
    }
}
