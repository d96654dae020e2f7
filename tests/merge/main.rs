//! Logs of machines in network namespaces, merged.

mod lan;
mod two_hosts;
