//! The style sheet of pictures.

/// Colours for light pages, then for dark ones. Text has a rim of the paper's colour, so
/// that lines may cross it. A picture that is opened by itself has the window for paper,
/// and is as wide as a large one.
pub(super) const SHEET: &str = "
svg:root { background: #ffffff }
@media (min-width: 1260px) { svg:root { width: 100%; max-width: 2400px; height: auto } }
text { font-family: sans-serif; fill: #1d2733; stroke: #ffffff; stroke-width: 3px;
 stroke-linejoin: round; paint-order: stroke }
.mono { font-family: monospace }
.paper { fill: #ffffff }
.name { font-weight: 600 }
.dim { fill: #5b6877 }
.bad { fill: #c4222c; font-weight: 600 }
.reason { fill: #c4222c }
.killed-text { fill: #8a2bb0; font-weight: 600 }
.data-text { fill: #0f766e }
.grid { stroke: #e6ebf1 }
.gap { fill: #eef1f5 }
.gap-edge { stroke: #b4bfcc; stroke-dasharray: 2 3 }
.good { fill: #3f83d6 }
.forked { fill: #b9d0ec }
.failed { fill: #d8333d }
.killed { fill: #9c3fc4 }
.running { fill: #8a97a6 }
.waits { fill: #9fb6d1 }
.branch { fill: none; stroke: #7f95ad; stroke-width: 1.3 }
.join { fill: none; stroke: #aebccb; stroke-width: 1.3; stroke-dasharray: 3 2.5 }
.data { fill: none; stroke: #14a394; stroke-width: 1.2; opacity: 0.85 }
.file { stroke-dasharray: 5 3 }
.data-end { fill: #14a394 }
@media (prefers-color-scheme: dark) {
svg:root { background: #12171e }
text { fill: #e4eaf1; stroke: #12171e }
.paper { fill: #12171e }
.dim { fill: #9aa8b8 }
.bad, .reason { fill: #ff8087 }
.killed-text { fill: #d79bf0 }
.data-text { fill: #5fd3c4 }
.grid { stroke: #232c37 }
.gap { fill: #1b222b }
.gap-edge { stroke: #465362 }
.good { fill: #5b9df0 }
.forked { fill: #35516f }
.failed { fill: #ff5c66 }
.killed { fill: #c074e4 }
.running { fill: #8a97a6 }
.waits { fill: #456180 }
.branch { stroke: #647d98 }
.join { stroke: #4b5b6c }
.data { stroke: #2cbcab }
.data-end { fill: #2cbcab }
}
";
