//! Names of a run that stand for what they are: its machine, its user, and the user's home.

use super::portrait::About;
use super::rules::Mapping;
use crate::flow::graph::Graph;

/// What is the same in both runs by request, whatever it is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Same {
    /// The machine's name.
    pub host: bool,
    /// The home directory: `HOME` in the environment of the first program.
    pub home: bool,
    /// The user's name: `USER` or `LOGNAME` there.
    pub user: bool,
}

impl Same {
    /// What is replaced in the texts of a run. What is not known is not.
    pub(super) fn mappings(self, about: &About, graph: &Graph) -> Vec<Mapping> {
        let variable = |name: &[u8]| variable(graph, name).filter(|value| value.len() > 1);
        let mut mappings = Vec::new();
        let mut add = |is_asked: bool, old: Option<Vec<u8>>, new: &str| {
            let old = old.filter(|_| is_asked);
            mappings.extend(old.map(|old| Mapping { old, new: new.into() }));
        };
        let host = about.host.clone().into_bytes();
        add(self.host, Some(host).filter(|host| !host.is_empty()), "<host>");
        add(self.home, variable(b"HOME"), "<home>");
        add(self.user, variable(b"USER").or_else(|| variable(b"LOGNAME")), "<user>");
        mappings
    }
}

/// The value of a variable in the first environment that is known.
fn variable(graph: &Graph, name: &[u8]) -> Option<Vec<u8>> {
    let executions = graph.activities.iter().filter_map(|activity| activity.execution.as_deref());
    let mut environments = executions.filter_map(|execution| execution.env.as_ref());
    let env = environments.next()?;
    let mut values = env.iter().filter_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="));
    values.next().map(<[u8]>::to_vec)
}
