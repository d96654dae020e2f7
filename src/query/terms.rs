//! RDF terms kept once each, in little room.

use oxrdf::vocab::xsd;
use oxrdf::{BlankNode, Literal, NamedNode, NamedNodeRef, Term, TermRef};

use crate::flow::{NameId, Names};

/// A term that is kept.
pub(super) type TermId = NameId;

/// Terms: each a text with, before it, the number of its shape.
#[derive(Debug)]
pub(super) struct Terms {
    texts: Names,
    shapes: Vec<Shape>,
    /// The text of the term at hand.
    text: Vec<u8>,
}

/// What a term is beside its text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Iri,
    Blank,
    Text,
    Typed(NamedNode),
    /// In a language.
    Tagged(String),
}

/// The size of a shape's number before a text.
const HEAD: usize = 2;

impl Shape {
    /// A term's shape, without its parts being copied: whether `self` is it.
    fn is_of(&self, term: TermRef<'_>) -> bool {
        match (self, term) {
            (Self::Iri, TermRef::NamedNode(_)) | (Self::Blank, TermRef::BlankNode(_)) => true,
            (Self::Text, TermRef::Literal(literal)) => {
                literal.datatype() == xsd::STRING && literal.language().is_none()
            }
            (Self::Typed(datatype), TermRef::Literal(literal)) => {
                literal.datatype() == datatype.as_ref() && literal.language().is_none()
            }
            (Self::Tagged(language), TermRef::Literal(literal)) => {
                literal.language() == Some(language)
            }
            _ => false,
        }
    }

    fn of(term: TermRef<'_>) -> Self {
        match term {
            TermRef::NamedNode(_) => Self::Iri,
            TermRef::BlankNode(_) => Self::Blank,
            TermRef::Literal(literal) => match literal.language() {
                Some(language) => Self::Tagged(language.to_owned()),
                None => Self::Typed(literal.datatype().into_owned()),
            },
        }
    }

    fn term(&self, text: &str) -> Term {
        match self {
            Self::Iri => NamedNode::new_unchecked(text).into(),
            Self::Blank => BlankNode::new_unchecked(text).into(),
            Self::Text => Literal::new_simple_literal(text).into(),
            Self::Typed(datatype) => Literal::new_typed_literal(text, datatype.clone()).into(),
            Self::Tagged(language) => {
                Literal::new_language_tagged_literal_unchecked(text, language).into()
            }
        }
    }
}

impl Default for Terms {
    fn default() -> Self {
        let shapes = vec![Shape::Iri, Shape::Blank, Shape::Text];
        Self { texts: Names::default(), shapes, text: Vec::new() }
    }
}

impl Terms {
    /// Keeps a term.
    pub(super) fn intern(&mut self, term: TermRef<'_>) -> TermId {
        let shape = self.shapes.iter().position(|shape| shape.is_of(term)).unwrap_or_else(|| {
            self.shapes.push(Shape::of(term));
            self.shapes.len() - 1
        });
        write(shape, term, &mut self.text);
        self.texts.intern(&self.text)
    }

    /// Keeps an IRI.
    pub(super) fn intern_iri(&mut self, iri: &str) -> TermId {
        self.intern(NamedNodeRef::new_unchecked(iri).into())
    }

    /// A term, if it is kept.
    pub(super) fn known(&self, term: TermRef<'_>) -> Option<TermId> {
        let shape = self.shapes.iter().position(|shape| shape.is_of(term))?;
        let mut text = Vec::new();
        write(shape, term, &mut text);
        self.texts.known(&text)
    }

    /// The term.
    pub(super) fn get(&self, id: TermId) -> Term {
        let (head, text) = self.texts.get(id).split_at_checked(HEAD).unwrap_or_default();
        let shape = head.try_into().map_or(0, u16::from_le_bytes);
        let shape = self.shapes.get(usize::from(shape)).unwrap_or(&Shape::Text);
        shape.term(std::str::from_utf8(text).unwrap_or_default())
    }
}

fn write(shape: usize, term: TermRef<'_>, out: &mut Vec<u8>) {
    let text = match term {
        TermRef::NamedNode(node) => node.as_str(),
        TermRef::BlankNode(node) => node.as_str(),
        TermRef::Literal(literal) => literal.value(),
    };
    out.clear();
    // The datatypes of all exports are less than a dozen.
    out.extend_from_slice(&(shape as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_comes_back_as_it_was() {
        let terms: [Term; 8] = [
            NamedNode::new_unchecked("urn:a").into(),
            BlankNode::new_unchecked("urn:a").into(),
            Literal::new_simple_literal("urn:a").into(),
            Literal::new_typed_literal("urn:a", xsd::STRING).into(),
            Literal::new_typed_literal("1", xsd::INTEGER).into(),
            Literal::new_typed_literal("1", xsd::DECIMAL).into(),
            Literal::new_language_tagged_literal_unchecked("1", "en").into(),
            Literal::new_language_tagged_literal_unchecked("1", "fr").into(),
        ];
        let mut kept = Terms::default();
        let unknown = Literal::new_typed_literal("1", xsd::INTEGER);
        assert_eq!(kept.known(unknown.as_ref().into()), None);
        let ids = terms.each_ref().map(|term| kept.intern(term.as_ref()));
        for (term, id) in terms.iter().zip(ids) {
            assert_eq!(kept.get(id), *term);
            assert_eq!(kept.known(term.as_ref()), Some(id));
        }
        // A plain literal is one of the type string.
        assert_eq!(ids[2], ids[3]);
        let distinct: std::collections::BTreeSet<_> = ids.into_iter().collect();
        assert_eq!(distinct.len(), 7);
    }
}
