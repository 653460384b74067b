//! The graph as text that other programs draw.

use std::{collections::HashSet, fmt::Write as _};

use super::{Basis, Graph, Role};
use crate::contract::{Contract, OperationIndex};

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Mermaid, as forges show it in Markdown.
    Mermaid,
}

impl Graph {
    /// The graph in a format: one node for each operation that makes or needs something, one edge for
    /// each value. What is made is drawn solid, what is only listed or named dashed; an edge that the
    /// document's links state is bold.
    pub fn to_text(&self, contract: &Contract, format: GraphFormat) -> String {
        let mut text = match format {
            GraphFormat::Dot => "digraph {\n  rankdir=LR\n  node [shape=box]\n".to_owned(),
            GraphFormat::Mermaid => "flowchart LR\n".to_owned(),
        };
        let ends = self
            .edges
            .iter()
            .flat_map(|edge| [edge.producer, edge.consumer]);
        let used: HashSet<OperationIndex> = ends.collect();
        for (index, operation) in contract.indexed_operations() {
            if !used.contains(&index) {
                continue;
            }
            let label = format!("{} {}", operation.method, operation.path);
            let index = index.place();
            let _ = match format {
                GraphFormat::Dot => writeln!(text, "  n{index} [label={}]", dot_quoted(&label)),
                GraphFormat::Mermaid => {
                    writeln!(text, "  n{index}[\"{}\"]", mermaid_escaped(&label))
                }
            };
        }
        for edge in &self.edges {
            let (from, to) = (edge.producer.place(), edge.consumer.place());
            let source = edge.sources.first().map(ToString::to_string);
            let label = format!("{} = {}", edge.need, source.unwrap_or_default());
            let is_link = matches!(edge.basis, Basis::Link(_));
            let _ = match format {
                GraphFormat::Dot => {
                    let style = match (is_link, edge.role) {
                        (true, _) => "bold",
                        (false, Role::Creates) => "solid",
                        (false, Role::Lists | Role::Names) => "dashed",
                    };
                    writeln!(
                        text,
                        "  n{from} -> n{to} [label={}, style={style}]",
                        dot_quoted(&label)
                    )
                }
                GraphFormat::Mermaid => {
                    let arrow = match (is_link, edge.role) {
                        (true, _) => "==>",
                        (false, Role::Creates) => "-->",
                        (false, Role::Lists | Role::Names) => "-.->",
                    };
                    writeln!(
                        text,
                        "  n{from} {arrow}|\"{}\"| n{to}",
                        mermaid_escaped(&label)
                    )
                }
            };
        }
        if format == GraphFormat::Dot {
            text.push_str("}\n");
        }
        text
    }
}

fn dot_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn mermaid_escaped(text: &str) -> String {
    text.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace(['\n', '\r'], " ")
}
