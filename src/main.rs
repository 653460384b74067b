//! The `oasgate` binary.

fn main() -> std::process::ExitCode {
    oasgate::cli::main()
}
