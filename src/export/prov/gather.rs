//! Triples become statements: those of PROV's relations each become one; the others are
//! attributes of their subject, which is declared when they are together.

use std::io;

use oxrdf::vocab::xsd;
use oxrdf::{LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, TermRef, TripleRef};

use super::group::{Group, Held, Kind};
use super::statement::{Argument, Attribute, Notation, Statement, Term, Value};
use crate::export::rdf::vocabulary as v;
use crate::export::rdf::writer::Triples;

/// Takes triples, gives statements.
pub(super) struct Gather<N> {
    notation: N,
    /// Of the thing at hand.
    group: Group,
    /// Resources: more may be learnt of them until the end.
    held: Held,
    /// The last of rtrace's own relations between events: PROV's follows it.
    exact: Option<(String, String, String)>,
}

impl<N: Notation> Gather<N> {
    pub(super) fn new(notation: N) -> io::Result<Self> {
        Ok(Self { notation, group: Group::default(), held: Held::new()?, exact: None })
    }

    /// One of PROV's relations, from the thing that its triple is about.
    fn relation(
        &mut self,
        (word, first, second, rest): Relation,
        from: &str,
        to: &str,
    ) -> io::Result<()> {
        let kind = self.exact_relation(from, to);
        let kind: Vec<_> = kind.into_iter().map(|kind| (type_attribute(), kind)).collect();
        let mut arguments = vec![(first, Some(Term::Name(from))), (second, Some(Term::Name(to)))];
        arguments.extend(rest.iter().map(|name| (*name, None)));
        // These have no attributes.
        let has_none = matches!(word, "specializationOf" | "alternateOf");
        let attributes = if has_none { &[][..] } else { &kind };
        let (declares, arguments) = (None, &arguments[..]);
        self.notation.statement(&Statement { word, declares, arguments, attributes })
    }

    /// rtrace's own relation between the two, which was told just before.
    fn exact_relation(&mut self, one: &str, other: &str) -> Option<Value> {
        if let Some((kind, from, to)) = &self.exact
            && ((from == one && to == other) || (from == other && to == one))
        {
            return Some(Value::Name(kind.clone()));
        }
        let far = match self.group.subject == one {
            true => other,
            false if self.group.subject == other => one,
            false => return None,
        };
        let is_it = |(_, value): &Attribute| matches!(value, Value::Name(name) if name == far);
        let at = self.group.attributes.iter().rposition(is_it)?;
        Some(Value::Name(self.group.attributes.remove(at).0))
    }

    /// What PROV knows only in general, of things that have been declared.
    fn influence(&mut self, kind: &str, influenced: &str, by: &str) -> io::Result<()> {
        self.notation.statement(&Statement {
            word: "wasInfluencedBy",
            declares: None,
            arguments: &[
                ("prov:influencee", Some(Term::Name(influenced))),
                ("prov:influencer", Some(Term::Name(by))),
            ],
            attributes: &[(type_attribute(), Value::Name(kind.to_owned()))],
        })
    }

    fn attribute(&mut self, predicate: &str, object: TermRef<'_>) {
        let group = &mut self.group;
        match (predicate, object) {
            (is, TermRef::Literal(time)) if is == v::STARTED_AT.as_str() => {
                group.started = Some(time.value().to_owned());
            }
            (is, TermRef::Literal(time)) if is == v::ENDED_AT.as_str() => {
                group.ended = Some(time.value().to_owned());
            }
            // A moment: something that takes no time.
            (is, TermRef::Literal(time)) if is == v::AT_TIME.as_str() => {
                group.started = Some(time.value().to_owned());
                group.ended.clone_from(&group.started);
            }
            (is, TermRef::NamedNode(class)) if is == v::TYPE.as_str() => match class {
                v::ENTITY => group.kinds.push(Kind::Entity),
                v::ACTIVITY => group.kinds.push(Kind::Activity),
                v::AGENT => group.kinds.push(Kind::Agent),
                class => {
                    group.kinds.extend(kind_of(class));
                    let class = Value::Name(class.as_str().to_owned());
                    group.attributes.push((type_attribute(), class));
                }
            },
            (is, TermRef::Literal(label)) if is == v::LABEL.as_str() => {
                group.attributes.push((prov("label"), value(label)));
            }
            (is, TermRef::Literal(literal)) => {
                group.attributes.push((is.to_owned(), value(literal)));
            }
            (is, TermRef::NamedNode(name)) => {
                group.attributes.push((is.to_owned(), Value::Name(name.as_str().to_owned())));
            }
            (_, TermRef::BlankNode(_)) => {} // the graph has none
        }
    }

    /// The thing at hand has been told of.
    fn settle(&mut self) -> io::Result<()> {
        let Some(group) = self.held.learn(std::mem::take(&mut self.group)) else {
            return Ok(());
        };
        if group.is(Kind::Entity) && !group.is(Kind::Whole) {
            return self.held.hold(&group);
        }
        self.declare(&group)
    }

    fn declare(&mut self, group: &Group) -> io::Result<()> {
        let time = |time| Option::map(time, |time: &String| Term::Time(time));
        let (started, ended) = (time(group.started.as_ref()), time(group.ended.as_ref()));
        let mut say = |word, declares, arguments: &[Argument<'_>], attributes: &[Attribute]| {
            self.notation.statement(&Statement { word, declares, arguments, attributes })
        };
        let name = group.subject.as_str();
        if group.is(Kind::Activity) {
            let times = [("prov:startTime", started), ("prov:endTime", ended)];
            say("activity", Some(name), &times, &group.attributes)?;
        } else if ended.is_some() {
            // The end of what was declared when it began.
            let arguments = [
                ("prov:activity", Some(Term::Name(name))),
                ("prov:trigger", None),
                ("prov:ender", None),
                ("prov:time", ended),
            ];
            say("wasEndedBy", None, &arguments, &group.attributes)?;
        }
        if group.is(Kind::Entity) || group.is(Kind::Whole) {
            say("entity", Some(name), &[], &group.attributes)?;
        }
        if group.is(Kind::Agent) {
            say("agent", Some(name), &[], &group.attributes)?;
        }
        Ok(())
    }
}

impl<N: Notation> Triples for Gather<N> {
    fn begin(&mut self, _: &str) -> io::Result<()> {
        self.settle()
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        let NamedOrBlankNodeRef::NamedNode(subject) = triple.subject else { return Ok(()) };
        let (predicate, subject) = (triple.predicate, subject.as_str());
        if let TermRef::NamedNode(object) = triple.object {
            let object = object.as_str();
            if let Some(relation) = relation_of(triple) {
                return self.relation(relation, subject, object);
            }
            match predicate {
                // Nothing went from the one to the other.
                v::OVERWRITTEN_BY => return Ok(()),
                v::FORKS | v::JOINS | v::SIGNALS | v::FEEDS => {
                    let link = [predicate.as_str(), subject, object].map(str::to_owned);
                    self.exact = Some(link.into());
                    return Ok(());
                }
                v::NEXT | v::MAY_FEED | v::EXECUTION | v::LEFT => {
                    return self.influence(predicate.as_str(), object, subject);
                }
                v::PARTIAL
                | v::FOUND
                | v::CONTENT
                | v::LOOKED_AT
                | v::MISSED
                | v::MAY_USE_DATABASE
                | v::SERVES_DATABASE => {
                    return self.influence(predicate.as_str(), subject, object);
                }
                _ => {}
            }
        }
        if self.group.subject != subject {
            self.settle()?;
            subject.clone_into(&mut self.group.subject);
        }
        self.attribute(predicate.as_str(), triple.object);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.notation.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.settle()?;
        let held = std::mem::replace(&mut self.held, Held::new()?);
        held.release(|group| self.declare(group))?;
        self.notation.finish()
    }
}

/// A relation's word, the names of its two arguments, and of those that are not said.
type Relation = (&'static str, &'static str, &'static str, &'static [&'static str]);

fn relation_of(triple: TripleRef<'_>) -> Option<Relation> {
    Some(match triple.predicate {
        v::USED => ("used", "prov:activity", "prov:entity", &["prov:time"]),
        v::WAS_GENERATED_BY => ("wasGeneratedBy", "prov:entity", "prov:activity", &["prov:time"]),
        v::WAS_INFORMED_BY => ("wasInformedBy", "prov:informed", "prov:informant", &[]),
        v::WAS_DERIVED_FROM => ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity", &[]),
        v::WAS_ASSOCIATED_WITH => {
            ("wasAssociatedWith", "prov:activity", "prov:agent", &["prov:plan"])
        }
        v::SPECIALIZATION_OF => {
            ("specializationOf", "prov:specificEntity", "prov:generalEntity", &[])
        }
        _ => return None,
    })
}

/// What only the class says: of events no triple says that they are activities.
fn kind_of(class: NamedNodeRef<'_>) -> Option<Kind> {
    const EVENTS: [NamedNodeRef<'_>; 9] = [
        v::CALL_CLASS,
        v::EXEC_CLASS,
        v::START_CLASS,
        v::EXIT_CLASS,
        v::SIGNAL_CLASS,
        v::STOP_CLASS,
        v::CONTINUE_CLASS,
        v::DETACH_CLASS,
        // Something happened at a moment.
        v::BLIND_SPOT_CLASS,
    ];
    match class {
        v::FILE_STATE_CLASS | v::FILE_VERSION_CLASS | v::USAGE_CLASS | v::PASSAGE_CLASS => {
            Some(Kind::Whole)
        }
        class => EVENTS.contains(&class).then_some(Kind::Activity),
    }
}

fn value(literal: LiteralRef<'_>) -> Value {
    let text = literal.value().to_owned();
    match literal.datatype() {
        xsd::STRING => Value::Text(text),
        datatype => Value::Typed(text, datatype.as_str().to_owned()),
    }
}

fn prov(local: &str) -> String {
    [v::PROV, local].concat()
}

fn type_attribute() -> String {
    prov("type")
}
