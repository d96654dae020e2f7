//! How much of the graph is written.

/// Each has what the ones before it have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Processes, what they ran, and what went from one to another.
    Process,
    /// What they used.
    Resource,
    /// Every event.
    Event,
}

impl Detail {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Process, Self::Resource, Self::Event];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Resource => "resource",
            Self::Event => "event",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detail| detail.name() == name)
    }
}
