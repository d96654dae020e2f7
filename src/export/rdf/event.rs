//! Events as triples: about ten each, and most of what is written.

use std::io;

use oxrdf::NamedNodeRef;

use super::graph::Graph;
use super::vocabulary as v;
use super::writer::Triples;
use crate::abi::{Scalar, Ty, Verb};
use crate::event::Kind;
use crate::export::decode::error_name;
use crate::flow::{Event, Function, Place, State, Use};
use crate::render::{self, Style};

impl<T: Triples> Graph<T> {
    pub(super) fn event(&mut self, state: &State, event: &Event<'_>) -> io::Result<()> {
        let record = &event.record;
        let function = self.function_of(record)?;
        self.names.event(event.id(), &mut self.subject);
        self.class(class_of(record.kind))?;
        self.names.thread(record.task, &mut self.object);
        self.link(v::THREAD)?;
        self.integer(v::ORDINAL, record.ordinal)?;
        self.time(v::STARTED_AT, record.start)?;
        match record.kind {
            Kind::Call => self.call(state, event, function),
            Kind::Signal | Kind::Stop => self.integer(v::SIGNAL, record.words[0]),
            Kind::Exit => self.exit(state, record),
            _ => Ok(()),
        }
    }

    fn call(
        &mut self,
        state: &State,
        event: &Event<'_>,
        function: Option<Function>,
    ) -> io::Result<()> {
        let record = &event.record;
        self.text.clear();
        render::name(record, &mut self.text);
        self.literal(v::CALL)?;
        if let Some(function) = function {
            self.calls(function)?;
        }
        self.text.clear();
        render::argument_list(record, &Style::default(), &mut self.text);
        self.literal(v::ARGUMENTS)?;
        match (record.duration(), record.error()) {
            (None, _) => self.yes(v::UNFINISHED)?,
            (Some(duration), error) => {
                self.integer(v::DURATION, duration)?;
                match error {
                    Some(errno) => self.plain(v::ERROR, &error_name(errno))?,
                    None => self.integer(v::RESULT, record.result)?,
                }
            }
        }
        if let Some(fd) = descriptor(event) {
            self.integer(v::DESCRIPTOR, fd)?;
        }
        self.statements(state, event)?;
        let succeeded = !record.failed && !record.is_begun();
        event.uses.iter().enumerate().try_for_each(|(index, &used)| {
            let again = event.uses[..index].iter().any(|&before| same(before, used));
            if again { Ok(()) } else { self.touch(state, used, succeeded) }
        })
    }

    /// The event touches a resource; where it failed, it only names it.
    fn touch(&mut self, state: &State, used: Use, succeeded: bool) -> io::Result<()> {
        let Some((exact, general)) = terms_of(used) else { return Ok(()) };
        self.names.resource(state, used.resource, &mut self.object);
        if !succeeded {
            return self.link(v::NAMES);
        }
        self.link(exact)?;
        self.at_version(used.version)?;
        self.names.resource(state, used.resource, &mut self.object);
        match general {
            General::Used => self.link(v::USED),
            General::Generated => {
                std::mem::swap(&mut self.subject, &mut self.object);
                let written = self.link(v::WAS_GENERATED_BY);
                std::mem::swap(&mut self.subject, &mut self.object);
                written
            }
            General::Neither => Ok(()),
        }
    }
}

/// Whether a use says no more than one before it: the result of an open is what
/// it opened.
fn same(before: Use, used: Use) -> bool {
    let is_opened = before.verb == Verb::Opens && used.place == Place::Result;
    let is_equal = || terms_of(before).map(|t| t.0) == terms_of(used).map(|t| t.0);
    before.resource == used.resource && (is_opened || is_equal())
}

/// What a use is in PROV.
enum General {
    /// `prov:used`
    Used,
    /// `prov:wasGeneratedBy`, the other way round.
    Generated,
    /// Nothing in PROV.
    Neither,
}

/// The exact property of a use, and what it is in PROV.
fn terms_of(used: Use) -> Option<(NamedNodeRef<'static>, General)> {
    use General::{Generated, Neither, Used};
    if used.place == Place::Result {
        return Some((v::MAKES, Neither));
    }
    Some(match used.verb {
        Verb::Opens => (v::OPENS, Neither),
        Verb::Pairs => (v::MAKES, Neither),
        Verb::Closes => (v::CLOSES, Neither),
        Verb::Dups => (v::DUPS, Neither),
        Verb::Reads => (v::READS, Used),
        Verb::Writes => (v::WRITES, Generated),
        Verb::Copies => (v::COPIES, Neither),
        Verb::Lists => (v::LISTS, Used),
        Verb::Looks => (v::LOOKS, Neither),
        Verb::Alters => (v::ALTERS, Neither),
        Verb::Truncates => (v::TRUNCATES, Generated),
        Verb::Creates => (v::CREATES, Generated),
        Verb::Links => (v::LINKS, Neither),
        Verb::Renames => (v::RENAMES, Neither),
        Verb::Unlinks => (v::UNLINKS, Neither),
        Verb::Moves => (v::MOVES, Neither),
        Verb::Roots => (v::ROOTS, Neither),
        Verb::Mounts => (v::MOUNTS, Neither),
        Verb::Maps => (v::MAPS, Used),
        Verb::Binds => (v::BINDS, Neither),
        Verb::Listens => (v::LISTENS, Neither),
        Verb::Accepts => (v::ACCEPTS, Neither),
        Verb::Connects => (v::CONNECTS, Neither),
        Verb::Sends => (v::SENDS, Generated),
        Verb::Receives => (v::RECEIVES, Used),
        Verb::Execs => (v::EXECS, Used),
        Verb::Controls => (v::CONTROLS, Neither),
        Verb::Credits => (v::BECOMES, Neither),
        _ => return None,
    })
}

/// The descriptor that the call is about: the effect's first one, or the result.
fn descriptor(event: &Event<'_>) -> Option<i32> {
    let prototype = event.prototype?;
    let is_fd = |ty: &Ty| matches!(ty, Ty::Scalar(Scalar::Fd));
    if prototype.returns == Scalar::Fd && event.record.result >= 0 && !event.record.is_begun() {
        return i32::try_from(event.record.result).ok();
    }
    let operand = prototype.effect.operands.first().map(|operand| usize::from(operand.arg))?;
    let param = prototype.params.get(operand)?;
    is_fd(&param.ty).then(|| event.record.words.get(operand).copied().unwrap_or_default() as i32)
}

fn class_of(kind: Kind) -> NamedNodeRef<'static> {
    match kind {
        Kind::Call => v::CALL_CLASS,
        Kind::Exec => v::EXEC_CLASS,
        Kind::Start => v::START_CLASS,
        Kind::Exit => v::EXIT_CLASS,
        Kind::Signal => v::SIGNAL_CLASS,
        Kind::Stop => v::STOP_CLASS,
        Kind::Continue => v::CONTINUE_CLASS,
        Kind::Detach => v::DETACH_CLASS,
    }
}
