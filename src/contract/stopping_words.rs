//! Words of paths that say what an operation does: what it ends, removes, acts on, installs or only looks at.
//!
//! They are words of the last segments of paths, in lower case. Which of them decides what, [`super::stopping`] says.

/// Last segments that say that a service is ended, or shut for others; letters and digits alone.
pub(super) const STOPS: [&str; 8] = [
    "halt",
    "lockdown",
    "maintenance",
    "maintenancemode",
    "poweroff",
    "readonly",
    "reboot",
    "shutdown",
];

/// Words of a last segment that say that a machine or a service is ended, whatever else it says.
pub(super) const HALTS: [&str; 4] = ["halt", "poweroff", "reboot", "shutdown"];

/// Values that say that a machine or a service loses all that it has.
pub(super) const EMPTIES: [&str; 7] = [
    "deleteall",
    "dropall",
    "factoryreset",
    "purge",
    "resetall",
    "wipe",
    "wipeall",
];

/// Words of paths of operations that are told by a value what to do.
pub(super) const CONTROLS: [&str; 9] = [
    "act",
    "action",
    "actions",
    "command",
    "control",
    "ctl",
    "manage",
    "op",
    "operation",
];

/// How the summary or the description of an operation begins that ends the service, in lower case.
pub(super) const SAID: [&str; 9] = [
    "power off",
    "poweroff",
    "reboot",
    "restart the ser",
    "restarts the ser",
    "shut down",
    "shutdown",
    "shuts down",
    "stop the server",
];

/// What is said of an operation that takes all that there is.
pub(super) const LOST: [&str; 6] = [
    "delete all data",
    "deletes all data",
    "erases all data",
    "removes all data",
    "replaces all data",
    "wipes all",
];

/// Last segments that say that something is ended, behind the name of a service: much else is stopped and restarted.
pub(super) const STOPS_A_SERVICE: [&str; 6] =
    ["exit", "kill", "quit", "restart", "stop", "terminate"];

/// Names of services, in the segment before.
pub(super) const SERVICES: [&str; 14] = [
    "adm",
    "admin",
    "app",
    "application",
    "container",
    "daemon",
    "engine",
    "host",
    "instance",
    "management",
    "node",
    "server",
    "service",
    "system",
];

/// First words of a last segment that say that a GET removes or ends something.
pub(super) const REMOVES: [&str; 22] = [
    "clear",
    "delete",
    "destroy",
    "disable",
    "drop",
    "flush",
    "kill",
    "pause",
    "poweroff",
    "purge",
    "reboot",
    "remove",
    "reset",
    "restart",
    "revoke",
    "send",
    "shutdown",
    "stop",
    "testemail",
    "trigger",
    "unsubscribe",
    "wipe",
];

/// First words of a last segment that say that a POST ends or removes something.
pub(super) const ENDS: [&str; 15] = [
    "clear",
    "compact",
    "compaction",
    "deactivate",
    "defragment",
    "delete",
    "destroy",
    "disable",
    "drop",
    "flush",
    "prune",
    "purge",
    "remove",
    "truncate",
    "wipe",
];

/// Words of a last segment that say that something is done to what is there: to all of it, where nothing is named.
pub(super) const ACTS: [&str; 80] = [
    "abort",
    "activate",
    "approve",
    "archive",
    "ban",
    "block",
    "buy",
    "cancel",
    "cleanup",
    "clear",
    "commit",
    "compact",
    "deactivate",
    "defragment",
    "delete",
    "demote",
    "destroy",
    "detach",
    "disable",
    "drain",
    "drop",
    "empty",
    "enable",
    "eval",
    "evict",
    "exec",
    "expire",
    "expunge",
    "flush",
    "forcebuy",
    "forceenter",
    "forceexit",
    "forcesell",
    "freeze",
    "gc",
    "kick",
    "lock",
    "merge",
    "migrate",
    "move",
    "mute",
    "persist",
    "promote",
    "prune",
    "purge",
    "rebuild",
    "recalculate",
    "reindex",
    "reject",
    "reload",
    "remove",
    "rename",
    "replace",
    "reset",
    "restore",
    "revert",
    "revoke",
    "rollback",
    "rotate",
    "save",
    "sell",
    "set",
    "shell",
    "stopbuy",
    "stopentry",
    "suspend",
    "sync",
    "synchronize",
    "terminate",
    "transfer",
    "truncate",
    "unarchive",
    "undo",
    "unlock",
    "unsubscribe",
    "update",
    "upsert",
    "vacuum",
    "wipe",
    "withdraw",
];

/// First words of a last segment that say that a POST only looks.
pub(super) const LOOKS: [&str; 14] = [
    "count", "describe", "estimate", "filter", "find", "get", "list", "lookup", "paginate",
    "preview", "query", "search", "show", "validate",
];

/// Words beside them that say that something is made all the same.
pub(super) const MAKES: [&str; 8] = [
    "add", "create", "import", "insert", "new", "put", "register", "upload",
];

/// Last segments that say that something is made.
pub(super) const CREATES: [&str; 6] = ["add", "copy", "create", "duplicate", "new", "upload"];

/// Words of a last segment that say that something is done to what is there, where a request holds nothing else.
pub(super) const ALONE: [&str; 50] = [
    "apply",
    "broadcast",
    "charge",
    "close",
    "defaults",
    "deploy",
    "disconnect",
    "downgrade",
    "eject",
    "erase",
    "evacuate",
    "execute",
    "exit",
    "failover",
    "format",
    "hibernate",
    "install",
    "interrupt",
    "kill",
    "notify",
    "open",
    "pause",
    "pay",
    "publish",
    "quit",
    "recheck",
    "recreate",
    "refund",
    "regenerate",
    "renew",
    "restart",
    "resume",
    "rotate",
    "run",
    "samples",
    "seed",
    "send",
    "share",
    "sleep",
    "start",
    "stop",
    "switchover",
    "toggle",
    "trigger",
    "uninstall",
    "unlink",
    "unmount",
    "unpause",
    "unshare",
    "upgrade",
];

/// Words of a last segment that begin or end what goes on by itself.
pub(super) const TURNS: [&str; 5] = ["pause", "resume", "start", "stop", "toggle"];

/// What goes on by itself.
pub(super) const GOES_ON: [&str; 14] = [
    "capture",
    "captures",
    "consumer",
    "indexing",
    "job",
    "jobs",
    "proxy",
    "queue",
    "recording",
    "recordings",
    "replication",
    "scheduler",
    "worker",
    "workers",
];

/// Words of a path that say that something becomes what it was once.
pub(super) const RETURNS: [&str; 5] = ["reset", "restore", "revert", "rollback", "undo"];

/// What such words are about where all of a service is meant.
pub(super) const WHOLES: [&str; 14] = [
    "all",
    "backup",
    "backups",
    "config",
    "configuration",
    "database",
    "db",
    "factory",
    "host",
    "instance",
    "server",
    "service",
    "settings",
    "system",
];

/// Words of the end of a path that say who belongs to a cluster.
pub(super) const MEMBERSHIP: [&str; 10] = [
    "bootstrap",
    "demote",
    "detach",
    "init",
    "initialize",
    "join",
    "leave",
    "promote",
    "rotate",
    "unlock",
];

/// What they are about.
pub(super) const CLUSTERS: [&str; 8] = [
    "cluster",
    "federation",
    "node",
    "quorum",
    "raft",
    "replication",
    "ring",
    "swarm",
];

/// Words of a path that bring something into an installation or take it out.
pub(super) const INSTALLS: [&str; 5] = ["add", "install", "pull", "uninstall", "upgrade"];

/// What that is.
pub(super) const PARTS: [&str; 12] = [
    "addon",
    "addons",
    "dependencies",
    "dependency",
    "extension",
    "extensions",
    "module",
    "modules",
    "package",
    "packages",
    "plugin",
    "plugins",
];

/// Words of the end of a path that say that what is sent is run.
pub(super) const RUNS: [&str; 4] = ["eval", "exec", "execute", "run"];

/// What is run.
pub(super) const PROGRAMS: [&str; 8] = [
    "cell", "cells", "code", "command", "commands", "script", "scripts", "shell",
];

/// Words of the end of a path that say that settings are written.
pub(super) const SAVES: [&str; 5] = ["put", "save", "set", "update", "write"];

/// What such a word is followed by where all or many are meant.
pub(super) const MANY: [&str; 3] = ["all", "many", "range"];

/// What settings are about that say who may come in.
pub(super) const ACCESS: [&str; 14] = [
    "access",
    "auth",
    "authentication",
    "jwt",
    "ldap",
    "login",
    "mfa",
    "oidc",
    "password",
    "saml",
    "security",
    "session",
    "sso",
    "tokens",
];

/// What settings are called.
pub(super) const SETTINGS: [&str; 9] = [
    "config",
    "configuration",
    "options",
    "policies",
    "policy",
    "preferences",
    "profile",
    "setting",
    "settings",
];

/// Words for the settings of a whole service.
pub(super) const CONFIGURATION: [&str; 4] = ["conf", "config", "configuration", "settings"];

/// Last words of a segment that has settings below it, each with a segment of its own.
pub(super) const HOLD_SETTINGS: [&str; 5] = [
    "config",
    "configuration",
    "preferences",
    "setting",
    "settings",
];

/// First words of what is said of a parameter of a query that changes something, or of its name.
pub(super) const CHANGES: [&str; 14] = [
    "archive",
    "clear",
    "delete",
    "mute",
    "pause",
    "purge",
    "recheck",
    "remove",
    "reset",
    "toggle",
    "trigger",
    "unarchive",
    "unmute",
    "unpause",
];
