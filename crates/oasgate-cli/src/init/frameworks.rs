//! How services of common frameworks are started, told from the files that these have.

use std::{fs, path::Path};

/// How a service is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The framework, for a person.
    pub(super) framework: &'static str,
    /// The command.
    pub(super) command: String,
    /// The port that it usually has.
    pub(super) port: u16,
    /// The path at which it serves the document that it makes from the code.
    pub(super) document: Option<&'static str>,
}

/// A framework: files of which one has to be there, a text in it, what starts it, and its port. `{module}`
/// is the file as a module of Python.
struct Sign {
    framework: &'static str,
    files: &'static [&'static str],
    has: &'static str,
    command: &'static str,
    port: u16,
    document: Option<&'static str>,
}

/// In the order in which they are looked for, the particular before the general.
const SIGNS: &[Sign] = &[
    Sign {
        framework: "FastAPI",
        files: &["main.py", "app.py", "app/main.py", "src/main.py"],
        has: "FastAPI(",
        command: "python3 -m uvicorn {module}:app --port 8000",
        port: 8000,
        document: Some("/openapi.json"),
    },
    Sign {
        framework: "Flask",
        files: &["app.py", "main.py", "wsgi.py"],
        has: "Flask(",
        command: "python3 -m flask --app {module} run --port 5000",
        port: 5000,
        document: None,
    },
    Sign {
        framework: "Django",
        files: &["manage.py"],
        has: "django",
        command: "python3 manage.py runserver --noreload 127.0.0.1:8000",
        port: 8000,
        document: None,
    },
    Sign {
        framework: "Spring Boot with Maven",
        files: &["pom.xml"],
        has: "spring-boot",
        command: "./mvnw spring-boot:run",
        port: 8080,
        document: Some("/v3/api-docs"),
    },
    Sign {
        framework: "Spring Boot with Gradle",
        files: &["build.gradle.kts", "build.gradle"],
        has: "org.springframework.boot",
        command: "./gradlew bootRun",
        port: 8080,
        document: Some("/v3/api-docs"),
    },
    Sign {
        framework: "Ruby on Rails",
        files: &["Gemfile"],
        has: "rails",
        command: "bin/rails server --port 3000",
        port: 3000,
        document: None,
    },
    Sign {
        framework: "a package of Node with a start script",
        files: &["package.json"],
        has: "\"start\"",
        command: "npm start",
        port: 3000,
        document: None,
    },
    Sign {
        framework: "actix",
        files: &["Cargo.toml"],
        has: "actix-web",
        command: "cargo run",
        port: 8080,
        document: None,
    },
    Sign {
        framework: "axum",
        files: &["Cargo.toml"],
        has: "axum",
        command: "cargo run",
        port: 3000,
        document: None,
    },
    Sign {
        framework: "a program in Go",
        files: &["go.mod"],
        has: "module ",
        command: "go run .",
        port: 8080,
        document: None,
    },
];

/// How the service of a folder is started; `None` where no framework is known.
pub(super) fn start(folder: &Path) -> Option<Start> {
    SIGNS.iter().find_map(|sign| {
        let file = sign.files.iter().find(|file| {
            fs::read_to_string(folder.join(file)).is_ok_and(|text| text.contains(sign.has))
        })?;
        let module = file.trim_end_matches(".py").replace('/', ".");
        Some(Start {
            framework: sign.framework,
            command: sign.command.replace("{module}", &module),
            port: sign.port,
            document: sign.document,
        })
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
mod tests {
    use super::*;

    fn told(name: &str, text: &str) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
        start(folder.path()).map(|start| start.command)
    }

    #[test]
    fn each_framework_is_told_by_its_files() {
        for (name, text, command) in [
            (
                "app/main.py",
                "app = FastAPI(title='x')",
                "python3 -m uvicorn app.main:app --port 8000",
            ),
            (
                "app.py",
                "app = Flask(__name__)",
                "python3 -m flask --app app run --port 5000",
            ),
            (
                "pom.xml",
                "<artifactId>spring-boot-starter",
                "./mvnw spring-boot:run",
            ),
            (
                "package.json",
                "{\"scripts\": {\"start\": \"node .\"}}",
                "npm start",
            ),
            ("Cargo.toml", "[dependencies]\naxum = \"0.8\"", "cargo run"),
            ("go.mod", "module example.com/x\n", "go run ."),
        ] {
            assert_eq!(told(name, text).as_deref(), Some(command), "{name}");
        }
        assert_eq!(told("package.json", "{}"), None);
        assert_eq!(told("README.md", "axum"), None);
    }
}
