//! The job of a forge's CI.

use std::{fs, path::Path};

use clap::ValueEnum;

/// A forge whose jobs can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Forge {
    /// .github/workflows/contract.yml
    Github,
    /// oasgate.gitlab-ci.yml
    Gitlab,
    /// No job
    None,
}

impl Forge {
    /// The forge of a repository, told from its files; none where they do not say.
    pub(super) fn of(folder: &Path) -> Self {
        let remote = fs::read_to_string(folder.join(".git/config")).unwrap_or_default();
        if folder.join(".github").is_dir() || remote.contains("github.com") {
            Self::Github
        } else if folder.join(".gitlab-ci.yml").is_file() || remote.contains("gitlab") {
            Self::Gitlab
        } else {
            Self::None
        }
    }

    /// Where its job is written, and what a person has to do besides.
    pub(super) fn file(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Github => Some((
                ".github/workflows/contract.yml",
                "put the owner of the action in the place of OWNER",
            )),
            Self::Gitlab => Some((
                "oasgate.gitlab-ci.yml",
                "include it from .gitlab-ci.yml: include: { local: oasgate.gitlab-ci.yml }",
            )),
            Self::None => None,
        }
    }

    /// The job's text: `oasgate.toml` says all but the document.
    pub(super) fn job(self, spec: &str, token_env: Option<&str>) -> String {
        // Quoted as YAML and the shell both read it.
        let spec = spec.replace('\'', "''");
        match self {
            Self::Github => {
                let token = token_env
                    .map(|name| format!("          token: ${{{{ secrets.{name} }}}}\n"))
                    .unwrap_or_default();
                format!(
                    "name: contract\non: [pull_request]\npermissions: {{ contents: read, security-events: write }}\n\
                     jobs:\n  contract:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n\
                     \x20     # The service starts as `start` of oasgate.toml says; set up what it needs here.\n\
                     \x20     - uses: OWNER/oasgate@v{}\n        with:\n          spec: '{spec}'\n{token}",
                    env!("CARGO_PKG_VERSION")
                )
            }
            Self::Gitlab => format!(
                "contract:\n  stage: test\n  variables:\n    OASGATE_SPEC: '{spec}'\n  script:\n\
                 \x20   - oasgate check \"$OASGATE_SPEC\" --report junit=oasgate.xml --report json=oasgate.json\n\
                 \x20     --report html=oasgate.html --report gitlab=oasgate.codequality.json\n\
                 \x20 artifacts:\n    when: always\n    paths: [oasgate.json, oasgate.html]\n\
                 \x20   reports: {{ junit: oasgate.xml, codequality: oasgate.codequality.json }}\n"
            ),
            Self::None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_yaml_and_names_the_document() {
        for forge in [Forge::Github, Forge::Gitlab] {
            let text = forge.job("it's.yaml", Some("API_TOKEN"));
            let text = format!("openapi: 3.0.0\nx-job:\n{}", indented(&text));
            let document = oasgate::document::Document::parse("job.yaml", text).expect("YAML");
            let job = &document.root()["x-job"];
            let spec = match forge {
                Forge::Github => &job["jobs"]["contract"]["steps"][1]["with"]["spec"],
                _ => &job["contract"]["variables"]["OASGATE_SPEC"],
            };
            assert_eq!(spec, "it's.yaml", "{job:#}");
        }
    }

    fn indented(text: &str) -> String {
        text.lines().map(|line| format!("  {line}\n")).collect()
    }
}
