//! By what things of different runs are found to be the same: the rules, as data.
//!
//! A rule has a kind of thing offer keys. Two things that offer the same key by the same
//! rule are linked, as an equi-join in SQL would find them; what else must hold stands in
//! [`Rule::unless`]. `docs/merge.md` has the same table.

/// What a link says of its ends, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Two runs were on one machine since it was started.
    Boot,
    /// Two runs were on one installed machine.
    Machine,
    /// A machine has the address by which another one knows a host.
    Address,
    /// A name led to it.
    Name,
    /// One file of a file server.
    Export,
    /// One file of the kernel's.
    Inode,
    /// One place in a file system that is mounted at two points.
    Mount,
    /// One path on one machine.
    Path,
    /// The same content with the same time of change, one of both not on its machine.
    Content,
    /// One database.
    Database,
    /// One pipe, socket, queue or memory of the kernel's.
    Kernel,
    /// One user of a machine.
    User,
    /// One process, let go of by the one recorder and followed by the other.
    Process,
    /// The two ends of a connection.
    Connection,
    /// Those, with addresses that were changed on the way at one end.
    Nat,
    /// Those, with addresses that were changed at both ends, or a proxy between.
    Relay,
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it finds.
    pub reason: Reason,
    /// Its name, as it is written.
    pub name: &'static str,
    /// Which things offer keys.
    pub class: &'static str,
    /// What a key consists of.
    pub key: &'static str,
    /// When two equal keys are no match.
    pub unless: &'static str,
    /// How likely a match is one, in percent, where nothing speaks against it.
    pub confidence: u8,
}

macro_rules! rules {
    ($($reason:ident $name:literal $confidence:literal: $class:literal, $key:literal, unless $unless:literal;)*) => {
        /// All of them, in the order in which links are listed.
        pub const RULES: &[Rule] = &[$(Rule {
            reason: Reason::$reason,
            name: $name,
            class: $class,
            key: $key,
            unless: $unless,
            confidence: $confidence,
        }),*];

        impl Reason {
            /// Its name, as it is written.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name),* }
            }

            /// How likely a match is one, in percent, where nothing speaks against it.
            pub const fn confidence(self) -> u8 {
                match self { $(Self::$reason => $confidence),* }
            }
        }
    };
}

rules! {
    Boot "boot" 99: "machine", "boot-id", unless "";
    Machine "machine" 95: "machine", "machine-id", unless "it was started twice at the same time";
    Address "address" 85: "host, machine", "address; of a machine, each of its own", unless "several machines have it";
    Name "name" 70: "host, machine", "name that its address was found for; of a machine, its own", unless "several machines have it";
    Export "export" 95: "file, directory, pipe, database", "server, path there", unless "";
    Inode "inode" 97: "file, directory, device, terminal, pipe", "boot-id, device, inode", unless "it was born at another time";
    Mount "mount" 90: "file, directory, device, pipe", "boot-id, device, path in the file system", unless "the inodes differ";
    Path "path" 60: "file, directory, device, pipe, database", "machine-id, path", unless "both inodes are known, or the path leads elsewhere";
    Content "content" 70: "file", "hash, size, time of change in seconds", unless "both are on their own machines";
    Database "database" 95: "database", "system, address and port, name there", unless "both are by addresses that they only may have";
    Kernel "kernel" 95: "pipe, socket, shared memory, message queue, semaphore", "boot-id, moniker", unless "it is an address in another network";
    User "user" 90: "user", "machine-id, number", unless "";
    Process "process" 90: "process", "boot-id, number", unless "it was not let go of before, or runs another program";
    Connection "connection" 97: "socket", "protocol, both addresses", unless "times or roles do not fit";
    Nat "nat" 75: "socket", "protocol, address of one end", unless "times, roles or bytes do not fit";
    Relay "relay" 50: "socket", "protocol, bytes both ways", unless "times or roles do not fit, or it is not the only one";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the documentation is that of the code.
    #[test]
    fn the_rules_are_documented() {
        let text = include_str!("../../docs/merge.md");
        for rule in RULES {
            let Rule { name, class, key, unless, confidence, .. } = rule;
            let row = format!("| `{name}` | {class} | {key} | {unless} | 0.{confidence:02} |");
            assert!(text.contains(&row), "docs/merge.md lacks\n{row}");
        }
    }
}
