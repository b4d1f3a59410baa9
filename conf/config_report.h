/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/config_report.h - what org.sallyport.Config says and takes, by name
 *
 * Shapes:  method and error names; JSON members are listed beside each
 * Units:   _us microseconds since 1970-01-01 UTC
 * Errors:  Varlink errors CONFIG_ERROR_*
 * Owns:    nothing
 * Runs in: sallyport-confd, CLI, members
 * Source:  architecture.md walk (b)
 * Tests:   tests/system/test_commit.py
 */
#ifndef CONF_CONFIG_REPORT_H
#define CONF_CONFIG_REPORT_H

#define CONFIG_INTERFACE "org.sallyport.Config"

/* () -> (commit_id: string, text: string, changed_us: int, changed_by: string)
 * What the caller may read (task of each statement); for config-services read. Secrets are in the text as stored
 * (hashes) only for callers who may configure; others get them masked.
 * commit_id is "" and text "" before the first commit. */
#define CONFIG_GET_RUNNING CONFIG_INTERFACE ".GetRunning"

/* () -> (hostname: string, domain_name: string, user: string, groups: []string, tasks: string, commit_id: string)
 * Who the caller is, by its uid, and what the prompt needs. user is "" for an unknown uid. tasks is what conf/task.h
 * writes: "rwxd:aaa,r:acl". hostname is the configured one, else the machine's. Root and confd's own uid are in
 * "root-lr" and may do all, whatever is configured. */
#define CONFIG_GET_CALLER CONFIG_INTERFACE ".GetCaller"

/* (base_commit_id: string, lines: []string, line_name: string, label: ?string, comment: ?string, replace: ?bool,
 *  best_effort: ?bool, force: ?bool, confirmed_s: ?int, user: ?string, client: ?string)
 *   -> (commit_id: string, items: int, confirmed: bool, warnings: []string, faults: []{line: string, reason: string})
 * user and client count only from root and confd's own uid, which may commit for others.
 * lines are flat canonical edits in order ("ssh server vrf blue", "no ssh server port"), matched again by confd; with
 * replace they are the whole configuration. items: how many lines changed; confirmed: a trial of the caller's
 * process was confirmed by it (with no lines at all that is all it does); faults: what best_effort left out.
 * confirmed_s (30-65535, at most 1024 minutes by the CLI): at once in force, and taken back after that time unless the
 * same process confirms it; the clock outlives confd and the machine.
 * line_name is the vty ("vty0") or "con0". label: begins with a letter, no other commit has it.
 * Errors: CONFIG_ERROR_FAILED (faults: []{line: string, reason: string}) nothing was changed;
 *         CONFIG_ERROR_CONFLICT (commits: []{commit_id, user, changed_us, …}) others committed since base_commit_id and
 *             touch-up is the caller's decision: call again with the new base;
 *         CONFIG_ERROR_NOTHING () the lines change nothing;
 *         CONFIG_ERROR_STORAGE (reason: string) the disk refused; nothing was changed;
 *         CONFIG_ERROR_LOCKOUT (reasons: []string) the SSH session the caller works in could not be opened again; with
 *             force or confirmed_s these are warnings;
 *         CONFIG_ERROR_LABEL (label, commit_id); CONFIG_ERROR_LOCKED (sessions) another session has the configuration
 *             exclusively; CONFIG_ERROR_TRIAL (session_id) another session's trial runs. */
#define CONFIG_COMMIT CONFIG_INTERFACE ".Commit"
#define CONFIG_TRIAL_MIN_S 30
#define CONFIG_TRIAL_MAX_S 65535

/* (last: ?int, to: ?string, line_name: string, label: ?string, comment: ?string, force: ?bool) -> as Commit
 * One of last (1-100) and to (number or label): the commit that is named and all after it are undone, by a new
 * commit of client "Rollback". Errors as of Commit. */
#define CONFIG_ROLLBACK CONFIG_INTERFACE ".Rollback"

/* () -> as Commit. Takes the trial of the caller's process back at once; CONFIG_ERROR_NOTHING when there is none. */
#define CONFIG_END_TRIAL CONFIG_INTERFACE ".EndTrial"

/* () -> (commits: []{commit_id, user, line, client, label, comment, changed_us, trial_deadline_us}) newest first,
 * at most 100. trial_deadline_us is 0 but in a trial. */
#define CONFIG_LIST_COMMITS CONFIG_INTERFACE ".ListCommits"

/* (commit: string) -> (commit: {…}, text: string); CONFIG_ERROR_NO_COMMIT. commit is a number or a label. */
#define CONFIG_GET_COMMIT CONFIG_INTERFACE ".GetCommit"

/* (commit: ?string, last: ?int, rollback: ?bool, signs: ?bool) -> (text: string)
 * What one commit, or the last ones together, changed; with rollback what taking them back (with commit: it and all
 * after it) would change. Statements in running-config form, or with signs lines marked "+  ", "-  ", "#  ". Secrets
 * as in GetRunning. Error CONFIG_ERROR_NO_COMMIT (reason: string). */
#define CONFIG_GET_CHANGES CONFIG_INTERFACE ".GetChanges"

/* With "more": (line_name: string, exclusive: ?bool) -> (session_id: string, sessions: []{session_id, line, user,
 * since_us, exclusive}), and no other answer: the caller's process is in configuration mode for as long as the
 * connection is open. Errors CONFIG_ERROR_LOCKED (sessions), CONFIG_ERROR_TRIAL (session_id), only with exclusive. */
#define CONFIG_OPEN_SESSION CONFIG_INTERFACE ".OpenSession"
/* () -> (sessions: []{…}) the oldest first. */
#define CONFIG_LIST_SESSIONS CONFIG_INTERFACE ".ListSessions"

/* (member: string) -> (commit_id: string, text: string); members and root only. */
#define CONFIG_GET_SLICE CONFIG_INTERFACE ".GetSlice"

#define CONFIG_ERROR_FAILED   CONFIG_INTERFACE ".CommitFailed"
#define CONFIG_ERROR_CONFLICT CONFIG_INTERFACE ".Conflict"
#define CONFIG_ERROR_NOTHING  CONFIG_INTERFACE ".NothingToCommit"
#define CONFIG_ERROR_STORAGE  CONFIG_INTERFACE ".StorageFailed"
#define CONFIG_ERROR_LOCKOUT  CONFIG_INTERFACE ".LockedOut"
#define CONFIG_ERROR_LABEL    CONFIG_INTERFACE ".LabelTaken"
#define CONFIG_ERROR_LOCKED   CONFIG_INTERFACE ".Locked"
#define CONFIG_ERROR_TRIAL    CONFIG_INTERFACE ".Trial"
#define CONFIG_ERROR_NO_COMMIT CONFIG_INTERFACE ".NoSuchCommit"

/* What confd promises: a commit is answered when every running member has applied it. A member that does not run does
 * not block a commit. GetSlice is held back while a commit is under way, so that a slice is never half a commit; at its
 * start confd leads every running member to the running configuration, and repeats an apply that was not confirmed. */

/* org.sallyport.Member, served by each member on its own socket; callers: confd and root only.
 * Check(commit_id, text) -> (faults: []{line, reason}); Prepare(commit_id, text) -> (faults: …);
 * Apply(commit_id) -> (), error MEMBER_ERROR_NOT_PREPARED; Abort(commit_id) -> () */
#define MEMBER_INTERFACE "org.sallyport.Member"
#define MEMBER_ERROR_NOT_PREPARED MEMBER_INTERFACE ".NotPrepared"

#endif
