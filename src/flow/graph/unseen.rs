//! Bytes that may have moved without a record of it.

use super::parts::Process;
use super::usage::Usage;
use crate::abi::{Scalar, Ty, Verb};
use crate::flow::descriptors::Access;
use crate::flow::item::{Event, Place, Use};
use crate::flow::omitted::Omitted;
use crate::flow::resource::{Class, ResourceId};
use crate::flow::state::State;

/// What a call uses may be reached by a descriptor of its caller's: through that the caller
/// may have moved bytes by calls that the log does not have.
pub(super) fn note(state: &State, event: &Event<'_>, one: &Use, of: Omitted, usage: &mut Usage) {
    let Some(class) = class_of(state, one.resource) else { return };
    if let Some(access) = access(state, event, one, class) {
        usage.can_take |= access.takes();
        usage.can_give |= access.gives();
    }
    usage.miss(of, class);
}

/// Something of what a process did is missing: that may have been with anything that it
/// is known to have had open.
pub(super) fn doubt(state: &State, process: &Process, usages: &mut [Usage], revision: u32) {
    let is_own = |usage: &&mut Usage| process.activities.contains(&usage.activity);
    for usage in usages.iter_mut().filter(is_own) {
        if let Some(class) = class_of(state, usage.resource) {
            usage.miss(Omitted::ANYTHING, class);
            usage.revision = revision;
        }
    }
}

fn class_of(state: &State, id: ResourceId) -> Option<Class> {
    state.resource(id).map(|resource| resource.class)
}

/// Which ways bytes can go through the descriptor by which a call reaches something;
/// `None`: it does so by a name.
fn access(state: &State, event: &Event<'_>, one: &Use, class: Class) -> Option<Access> {
    let record = &event.record;
    let of = |fd: i32| state.slot(record.task, fd).map(|slot| slot.access);
    match one.place {
        Place::Result => of(record.result as i32),
        Place::Pair(end) if one.verb == Verb::Pairs && class == Class::Pipe => {
            Some(if end == 0 { Access::Reads } else { Access::Writes })
        }
        Place::Pair(_) => Some(Access::Any),
        Place::Argument(arg) => {
            let param = event.prototype?.params.get(usize::from(arg))?;
            let is_descriptor = matches!(param.ty, Ty::Scalar(Scalar::Fd));
            is_descriptor.then(|| of(record.words[usize::from(arg)] as i32))?
        }
        Place::Implied => None,
    }
}
