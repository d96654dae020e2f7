//! What to look at in a call, worked out once for each number.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ipc::Naming;
use super::irregular::{self, Irregular, OpenFlags};
use super::look::ModeAt;
use super::position::Position;
use crate::abi::{Memory, Prototype, Scalar, Ty, Verb};
use crate::event::Call;

/// Finds the prototype of a call.
pub type Lookup = fn(Call) -> Option<&'static Prototype>;

/// What the flow does with the calls of one number.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) prototype: &'static Prototype,
    /// Arguments that are descriptors, with the verb where the effect is about them.
    pub(super) descriptors: Vec<(u8, Verb)>,
    /// Arguments that are paths.
    pub(super) paths: Vec<PathArgument>,
    /// Whether descriptors that it makes are marked close-on-exec.
    pub(super) cloexec: Cloexec,
    /// How it says where in a file.
    pub(super) position: Position,
    /// Where it has the flags of open(2).
    pub(super) open_flags: OpenFlags,
    /// Where it tells a file's type.
    pub(super) mode_at: Option<ModeAt>,
    /// How it names what has neither path nor descriptor.
    pub(super) naming: Option<Naming>,
    /// What its effect does not say.
    pub(super) irregular: Irregular,
}

/// An argument that is a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathArgument {
    pub(super) arg: u8,
    /// The directory descriptor that it is relative to.
    pub(super) at: Option<u8>,
    pub(super) verb: Verb,
}

/// When a call marks what it makes close-on-exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cloexec {
    Never,
    Always,
    /// If that argument has one of these bits.
    Flag(u8, u64),
}

impl Plan {
    fn new(prototype: &'static Prototype) -> Self {
        let is_descriptor = |ty: &Ty| matches!(ty, Ty::Scalar(Scalar::Fd | Scalar::DirFd));
        let verb_of = |arg: u8| {
            let mut operands = prototype.effect.operands.iter();
            let operand = operands.position(|o| o.arg == arg);
            match (prototype.effect.verb, operand) {
                (_, None) => Verb::None,
                (Verb::Copies, Some(0)) => Verb::Reads,
                (Verb::Copies, Some(_)) => Verb::Writes,
                (verb, Some(_)) => verb,
            }
        };
        let params = || (0u8..).zip(prototype.params);
        let descriptors = params()
            .filter(|(_, param)| is_descriptor(&param.ty))
            .map(|(arg, _)| (arg, verb_of(arg)))
            .collect();
        Self {
            prototype,
            descriptors,
            paths: paths(prototype),
            cloexec: cloexec(prototype),
            position: Position::of(prototype),
            open_flags: OpenFlags::of(prototype),
            mode_at: ModeAt::of(prototype).filter(|_| prototype.effect.verb == Verb::Looks),
            naming: Naming::of(prototype),
            irregular: Irregular::of(prototype),
        }
    }
}

/// The paths that the effect is about; all, where it is about none.
fn paths(prototype: &'static Prototype) -> Vec<PathArgument> {
    let params = prototype.params;
    let is_path = |arg: u8| {
        params
            .get(usize::from(arg))
            .is_some_and(|param| matches!(param.ty, Ty::Memory(_, Memory::Path)))
    };
    let effect = prototype.effect;
    let operands = effect.operands.iter().filter(|operand| is_path(operand.arg));
    let named: Vec<_> = operands
        .map(|operand| PathArgument { arg: operand.arg, at: operand.at, verb: effect.verb })
        .collect();
    if !named.is_empty() {
        return named;
    }
    let all = (0..params.len() as u8).filter(|arg| is_path(*arg));
    let after_dirfd = |arg: u8| {
        let before = arg.checked_sub(1)?;
        let ty = params.get(usize::from(before))?.ty;
        matches!(ty, Ty::Scalar(Scalar::DirFd)).then_some(before)
    };
    all.map(|arg| PathArgument { arg, at: after_dirfd(arg), verb: Verb::None }).collect()
}

fn cloexec(prototype: &'static Prototype) -> Cloexec {
    if irregular::ALWAYS_CLOEXEC.contains(&prototype.name) {
        return Cloexec::Always;
    }
    for (arg, param) in (0u8..).zip(prototype.params) {
        let (Ty::Flags(set) | Ty::Enum(set)) = param.ty else { continue };
        let mut entries = set.entries.iter();
        if let Some((bits, _)) = entries.find(|(_, name)| name.ends_with("CLOEXEC")) {
            return Cloexec::Flag(arg, *bits);
        }
    }
    // SOCK_CLOEXEC hides in the type, which may be no set of flags in the tables.
    match prototype.params.get(1) {
        Some(param) if param.name == "type" => Cloexec::Flag(1, irregular::O_CLOEXEC),
        _ => Cloexec::Never,
    }
}

/// The plans of all calls seen.
#[derive(Debug)]
pub(super) struct Plans {
    lookup: Lookup,
    by_call: FxHashMap<Call, Option<Arc<Plan>>>,
}

impl Plans {
    pub(super) fn new(lookup: Lookup) -> Self {
        Self { lookup, by_call: FxHashMap::default() }
    }

    pub(super) fn lookup(&self) -> Lookup {
        self.lookup
    }

    pub(super) fn get(&mut self, call: Call) -> Option<Arc<Plan>> {
        let lookup = self.lookup;
        let new = || lookup(call).map(|prototype| Arc::new(Plan::new(prototype)));
        // A program may try numbers at will: what is unknown takes no room.
        if let Some(plan) = self.by_call.get(&call) {
            return plan.clone();
        }
        let plan = new();
        if plan.is_some() {
            self.by_call.insert(call, plan.clone());
        }
        plan
    }
}
