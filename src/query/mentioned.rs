//! Which triples a question in SPARQL can be about, by their predicates: a log has
//! millions, and most questions are about few of them.

use rustc_hash::FxHashSet;
use spargebra::Query;
use spargebra::algebra::{
    AggregateExpression, Expression, GraphPattern, OrderExpression, PropertyPathExpression,
};
use spargebra::term::NamedNodePattern;

/// The predicates that a question mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentioned {
    predicates: FxHashSet<String>,
    /// Any triple may matter.
    is_all: bool,
}

impl Mentioned {
    pub(super) fn by(query: &Query) -> Self {
        let mut mentioned = Self::default();
        match query {
            Query::Select { pattern, .. }
            | Query::Construct { pattern, .. }
            | Query::Ask { pattern, .. } => mentioned.pattern(pattern),
            // All that is known of what it finds.
            Query::Describe { .. } => mentioned.is_all = true,
        }
        mentioned
    }

    pub(super) fn has(&self, predicate: &str) -> bool {
        self.is_all || self.predicates.contains(predicate)
    }

    fn pattern(&mut self, pattern: &GraphPattern) {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                for pattern in patterns {
                    self.predicate(&pattern.predicate);
                }
            }
            GraphPattern::Path { path, .. } => self.path(path),
            GraphPattern::Join { left, right }
            | GraphPattern::Union { left, right }
            | GraphPattern::Minus { left, right } => self.both(left, right),
            GraphPattern::LeftJoin { left, right, expression } => {
                self.both(left, right);
                if let Some(expression) = expression {
                    self.expression(expression);
                }
            }
            GraphPattern::Filter { expr: expression, inner }
            | GraphPattern::Extend { expression, inner, .. } => {
                self.pattern(inner);
                self.expression(expression);
            }
            GraphPattern::OrderBy { inner, expression } => {
                self.pattern(inner);
                for one in expression {
                    let (OrderExpression::Asc(one) | OrderExpression::Desc(one)) = one;
                    self.expression(one);
                }
            }
            GraphPattern::Group { inner, aggregates, .. } => {
                self.pattern(inner);
                for (_, aggregate) in aggregates {
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr);
                    }
                }
            }
            GraphPattern::Graph { inner, .. }
            | GraphPattern::Project { inner, .. }
            | GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.pattern(inner),
            GraphPattern::Values { .. } | GraphPattern::Service { .. } => {}
        }
    }

    fn both(&mut self, left: &GraphPattern, right: &GraphPattern) {
        self.pattern(left);
        self.pattern(right);
    }

    fn predicate(&mut self, predicate: &NamedNodePattern) {
        match predicate {
            NamedNodePattern::NamedNode(node) => {
                self.predicates.insert(node.as_str().to_owned());
            }
            NamedNodePattern::Variable(_) => self.is_all = true,
        }
    }

    fn path(&mut self, path: &PropertyPathExpression) {
        match path {
            PropertyPathExpression::NamedNode(node) => {
                self.predicates.insert(node.as_str().to_owned());
            }
            PropertyPathExpression::Reverse(path) | PropertyPathExpression::OneOrMore(path) => {
                self.path(path);
            }
            PropertyPathExpression::Sequence(left, right)
            | PropertyPathExpression::Alternative(left, right) => {
                self.path(left);
                self.path(right);
            }
            // A path of no length leads from every node to itself.
            PropertyPathExpression::ZeroOrMore(_)
            | PropertyPathExpression::ZeroOrOne(_)
            | PropertyPathExpression::NegatedPropertySet(_) => self.is_all = true,
        }
    }

    /// An expression is about triples by `EXISTS` alone.
    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Exists(pattern) => self.pattern(pattern),
            Expression::NamedNode(_)
            | Expression::Literal(_)
            | Expression::Variable(_)
            | Expression::Bound(_) => {}
            Expression::Or(left, right)
            | Expression::And(left, right)
            | Expression::Equal(left, right)
            | Expression::SameTerm(left, right)
            | Expression::Greater(left, right)
            | Expression::GreaterOrEqual(left, right)
            | Expression::Less(left, right)
            | Expression::LessOrEqual(left, right)
            | Expression::Add(left, right)
            | Expression::Subtract(left, right)
            | Expression::Multiply(left, right)
            | Expression::Divide(left, right) => self.all([&**left, &**right]),
            Expression::UnaryPlus(one) | Expression::UnaryMinus(one) | Expression::Not(one) => {
                self.expression(one);
            }
            Expression::If(condition, then, or) => self.all([&**condition, &**then, &**or]),
            Expression::In(one, list) => self.all(std::iter::once(&**one).chain(list)),
            Expression::Coalesce(list) | Expression::FunctionCall(_, list) => self.all(list),
        }
    }

    fn all<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expression>) {
        for one in expressions {
            self.expression(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentioned(text: &str) -> Option<Vec<String>> {
        let query = super::super::parse(text, &[("u", "urn:")]).expect("SPARQL");
        let Mentioned { predicates, is_all } = Mentioned::by(&query);
        let mut predicates: Vec<_> =
            predicates.iter().map(|one| one.trim_start_matches("urn:").to_owned()).collect();
        predicates.sort();
        (!is_all).then_some(predicates)
    }

    #[test]
    fn predicates_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("SELECT * { ?s u:a ?o ; u:b u:not }", &["a", "b"][..]),
            ("ASK { ?s u:a/^u:b|u:c+ ?o }", &["a", "b", "c"]),
            ("SELECT (SUM(?o) AS ?n) { GRAPH ?g { ?s u:a ?o } } GROUP BY ?s ORDER BY ?n", &["a"]),
            ("SELECT * { ?s u:a ?o OPTIONAL { ?s u:b ?x FILTER (?x > 1) } }", &["a", "b"]),
            ("SELECT * { ?s u:a ?o FILTER NOT EXISTS { ?s u:b ?o } }", &["a", "b"]),
            (
                "SELECT * { { ?s u:a ?o } UNION { ?s u:b ?o } MINUS { ?s u:c ?o } }",
                &["a", "b", "c"],
            ),
            (
                "SELECT (COUNT(?x) AS ?n) { SELECT DISTINCT ?x { ?x u:a ?y
                    BIND (IF(EXISTS { ?x u:b ?y }, 1, COALESCE(?y, 2)) AS ?z) } LIMIT 5 }",
                &["a", "b"],
            ),
            ("CONSTRUCT { ?s u:made ?o } { ?s u:a ?o }", &["a"]),
            ("SELECT ?s { ?s u:a ?o } GROUP BY ?s HAVING (COUNT(?o) IN (1, 2))", &["a"]),
            ("SELECT * { VALUES ?s { u:a } }", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(mentioned(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn some_questions_are_about_all() {
        for text in [
            "SELECT * { ?s ?p ?o }",
            "DESCRIBE ?s { ?s u:a 1 }",
            "SELECT * { ?s u:a* ?o }",
            "SELECT * { ?s u:a? ?o }",
            "SELECT * { ?s !u:a ?o }",
            "SELECT * { ?s u:a ?o FILTER EXISTS { ?o ?p 1 } }",
        ] {
            assert_eq!(mentioned(text), None, "{text}");
        }
    }
}
