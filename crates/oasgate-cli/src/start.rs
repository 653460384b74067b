//! The service under test, where the configuration says how it is started.
//!
//! It runs in a process group of its own, so that Ctrl-C reaches it through this program alone, and
//! so that its children end with it. It is stopped when the run is over, however that ends.

use std::{
    collections::VecDeque,
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::errors::StartError;

/// How long a service may take to stop when it is asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long its children may take after it. One that ended counts until whoever inherits it knows.
const PATIENCE_WITH_CHILDREN: Duration = Duration::from_secs(1);

/// How much of what it printed is shown when it ends too early.
const MAX_LINES: usize = 20;

/// How many bytes of what it printed are kept to be shown.
const MAX_LOG: usize = 64 << 10;

/// How many bytes before those are kept as well: what is hidden is looked for before anything is cut.
const MAX_BEFORE: usize = 16 << 10;

/// How long the rest of what it printed is waited for when it ended.
const PATIENCE_WITH_LOG: Duration = Duration::from_millis(500);

/// A service that was started.
pub(crate) struct Service {
    child: Child,
    log: Log,
}

/// The end of what a service prints. What stands before is forgotten, however long it goes on.
struct Log {
    end: Arc<Mutex<VecDeque<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Log {
    fn of(child: &mut Child) -> Self {
        let end = Arc::default();
        let stdout = child.stdout.take().map(|pipe| keep_end(pipe, &end));
        let stderr = child.stderr.take().map(|pipe| keep_end(pipe, &end));
        Self {
            end,
            readers: stdout.into_iter().chain(stderr).collect(),
        }
    }

    /// What is there when everything was read, or after a moment: a child may keep the pipe open.
    fn bytes(&self) -> Vec<u8> {
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE_WITH_LOG
            && !self.readers.iter().all(JoinHandle::is_finished)
        {
            thread::sleep(Duration::from_millis(5));
        }
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.iter().copied().collect()
    }
}

/// Reads a pipe to its end on a thread of its own, so that the service never waits for a reader.
fn keep_end(
    mut pipe: impl Read + Send + 'static,
    end: &Arc<Mutex<VecDeque<u8>>>,
) -> JoinHandle<()> {
    let end = Arc::clone(end);
    thread::spawn(move || {
        let mut bytes = [0; 8 << 10];
        // What cannot be read is not there to be shown.
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
            end.extend(&bytes[..length]);
            let beyond = end.len().saturating_sub(MAX_LOG + MAX_BEFORE);
            end.drain(..beyond);
        }
    })
}

impl Service {
    /// Starts `command` by the shell, in `folder`.
    pub(crate) fn start(command: &str, folder: &Path) -> Result<Self, StartError> {
        let failed = |error| StartError::Command {
            command: command.to_owned(),
            error,
        };
        let (shell, flag) = if cfg!(windows) {
            ("cmd", "/C")
        } else {
            ("sh", "-c")
        };
        let mut shell = Command::new(shell);
        shell
            .args([flag, command])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !folder.as_os_str().is_empty() {
            shell.current_dir(folder);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let mut child = shell.spawn().map_err(failed)?;
        group::remember(&child);
        let log = Log::of(&mut child);
        Ok(Self { child, log })
    }

    /// How it ended, when it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The last lines that it printed, as they are after something was hidden in all that is kept.
    pub(crate) fn last_words(&self, hide: impl FnOnce(String) -> String) -> String {
        let bytes = self.log.bytes();
        let is_cut = bytes.len() >= MAX_LOG + MAX_BEFORE;
        let text = hide(String::from_utf8_lossy(&bytes).into_owned());
        let mut from = if is_cut {
            text.len().saturating_sub(MAX_LOG)
        } else {
            0
        };
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let lines: Vec<&str> = text[from..].lines().collect();
        lines[lines.len().saturating_sub(MAX_LINES)..].join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        group::ask_to_stop(&mut self.child);
        let asked = Instant::now();
        while self.ended().is_none() && asked.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
        let ended = Instant::now();
        while group::is_there(&self.child) && ended.elapsed() < PATIENCE_WITH_CHILDREN {
            thread::sleep(Duration::from_millis(10));
        }
        group::stop(&mut self.child);
        // It is gone by now, and is taken off the list of processes.
        let _ = self.child.wait();
        group::forget();
    }
}

/// Stops a service that was started, without waiting for anything: this program is about to end.
pub(crate) fn stop_at_once() {
    group::stop_remembered();
}

#[cfg(unix)]
mod group {
    use std::{
        process::Child,
        sync::atomic::{AtomicI32, Ordering},
    };

    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

    /// The group of the one service that a run starts; 0 when there is none.
    static GROUP: AtomicI32 = AtomicI32::new(0);

    fn of(child: &Child) -> Option<Pid> {
        Pid::from_raw(i32::try_from(child.id()).ok()?)
    }

    fn send(group: Option<Pid>, signal: Signal) {
        if let Some(group) = group {
            // Fails when all of them ended by themselves.
            let _ = kill_process_group(group, signal);
        }
    }

    pub(crate) fn remember(child: &Child) {
        GROUP.store(
            of(child).map_or(0, |pid| pid.as_raw_nonzero().get()),
            Ordering::SeqCst,
        );
    }

    pub(crate) fn forget() {
        GROUP.store(0, Ordering::SeqCst);
    }

    pub(crate) fn ask_to_stop(child: &mut Child) {
        send(of(child), Signal::TERM);
    }

    /// Whether the group has a process.
    pub(crate) fn is_there(child: &Child) -> bool {
        of(child).is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    pub(crate) fn stop(child: &mut Child) {
        send(of(child), Signal::KILL);
    }

    pub(crate) fn stop_remembered() {
        send(Pid::from_raw(GROUP.load(Ordering::SeqCst)), Signal::KILL);
    }
}

#[cfg(not(unix))]
mod group {
    //! Without process groups, the process itself is stopped.

    use std::process::Child;

    pub(crate) fn remember(_: &Child) {}

    pub(crate) fn forget() {}

    pub(crate) fn ask_to_stop(child: &mut Child) {
        let _ = child.kill();
    }

    pub(crate) fn is_there(_: &Child) -> bool {
        false
    }

    pub(crate) fn stop(_: &mut Child) {}

    pub(crate) fn stop_remembered() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_log_the_end_alone_is_kept() {
        let end = Arc::default();
        let line = b"the service says the same again and again\n";
        let long = std::io::repeat(b'.').take(40 << 20).chain(&line[..]);
        keep_end(long, &end).join().expect("the pipe is read");
        let end = end.lock().expect("nobody holds it any more");
        assert_eq!(end.len(), MAX_LOG + MAX_BEFORE);
        assert!(end.capacity() < 1 << 20, "{}", end.capacity());
        assert!(end.iter().copied().collect::<Vec<_>>().ends_with(line));
    }
}
