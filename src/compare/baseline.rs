//! What varies among good runs of a batch.
//!
//! A baseline is a MessagePack map, readable with any library: `magic` ("rtrace-baseline"),
//! `version`, `runs` (how many it has learnt from), `portrait` (one of them, as
//! [`Portrait`] has it) and `varies` (the keys of differences among them, with how many
//! pairs of runs had each).

use std::collections::BTreeMap;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::finding::Comparison;
use super::portrait::Portrait;
use super::rank::compare;

const MAGIC: &str = "rtrace-baseline";
const VERSION: u32 = 1;

/// What varies among good runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    magic: String,
    version: u32,
    /// How many runs it has learnt from.
    pub runs: u32,
    /// One of them.
    pub portrait: Portrait,
    /// Keys of differences, and between how many pairs of good runs they were.
    pub varies: BTreeMap<String, u32>,
}

/// Why a baseline cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is none.
    #[error("this is no baseline of rtrace: {0}")]
    Form(#[from] rmp_serde::decode::Error),
    /// It is one of a newer rtrace.
    #[error("this baseline has version {0}; this rtrace knows version {VERSION}")]
    Newer(u32),
    /// It cannot be written.
    #[error("cannot write the baseline: {0}")]
    Write(#[from] rmp_serde::encode::Error),
    /// Nothing to learn from.
    #[error("a baseline needs a run to learn from")]
    Empty,
}

impl Baseline {
    /// Learns from good runs.
    ///
    /// # Errors
    /// There is none.
    pub fn learn(runs: &[Portrait]) -> Result<Self, BaselineError> {
        let first = runs.first().ok_or(BaselineError::Empty)?;
        let mut varies: BTreeMap<String, u32> = BTreeMap::new();
        for (index, one) in runs.iter().enumerate() {
            for other in &runs[index + 1..] {
                for finding in compare(one, other).findings {
                    *varies.entry(finding.key).or_default() += 1;
                }
            }
        }
        Ok(Self {
            magic: MAGIC.into(),
            version: VERSION,
            runs: runs.len() as u32,
            portrait: first.clone(),
            varies,
        })
    }

    /// What of a run is outside of what good runs do.
    pub fn compare(&self, run: &Portrait) -> Comparison {
        let mut comparison = compare(&self.portrait, run);
        comparison.findings.retain(|finding| !self.varies.contains_key(&finding.key));
        comparison.divergence = super::rank::divergence(&comparison.findings);
        comparison
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none, or one of a newer rtrace.
    pub fn read(from: impl Read) -> Result<Self, BaselineError> {
        let baseline: Self = rmp_serde::from_read(from)?;
        if baseline.magic != MAGIC {
            let words = "it does not begin as one".to_owned();
            return Err(rmp_serde::decode::Error::Syntax(words).into());
        }
        if baseline.version != VERSION {
            return Err(BaselineError::Newer(baseline.version));
        }
        Ok(baseline)
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, mut to: impl Write) -> Result<(), BaselineError> {
        Ok(rmp_serde::encode::write_named(&mut to, self)?)
    }
}
