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
 * Secrets are in the text as stored (hashes) only for callers whose task allows; others get them masked.
 * commit_id is "" and text "" before the first commit. */
#define CONFIG_GET_RUNNING CONFIG_INTERFACE ".GetRunning"

/* () -> (hostname: string, domain_name: string, user: string, groups: []string, commit_id: string)
 * Who the caller is, by its uid, and what the prompt needs. user is "" for an unknown uid. hostname is the configured
 * one, else the machine's. Root and confd's own uid are in "root-lr" whatever is configured. */
#define CONFIG_GET_CALLER CONFIG_INTERFACE ".GetCaller"

/* (base_commit_id: string, lines: []string, line_name: string, label: ?string, comment: ?string, user: ?string,
 *  client: ?string) -> (commit_id: string)
 * user and client count only from root and confd's own uid, which may commit for others.
 * lines are flat canonical edits in order ("ssh server vrf blue", "no ssh server port"), matched again by confd.
 * line_name is the vty ("vty0") or "con0".
 * Errors: CONFIG_ERROR_FAILED (faults: []{line: string, reason: string}) nothing was changed;
 *         CONFIG_ERROR_CONFLICT (commits: []{commit_id, user, changed_us}) others committed since base_commit_id and
 *             touch-up is the caller's decision: call again with the new base;
 *         CONFIG_ERROR_NOTHING () the lines change nothing;
 *         CONFIG_ERROR_STORAGE (reason: string) the disk refused; nothing was changed. */
#define CONFIG_COMMIT CONFIG_INTERFACE ".Commit"

/* () -> (commits: []{commit_id, user, line, client, label, comment, changed_us}) newest first, at most 100. */
#define CONFIG_LIST_COMMITS CONFIG_INTERFACE ".ListCommits"

/* (member: string) -> (commit_id: string, text: string); members and root only. */
#define CONFIG_GET_SLICE CONFIG_INTERFACE ".GetSlice"

#define CONFIG_ERROR_FAILED   CONFIG_INTERFACE ".CommitFailed"
#define CONFIG_ERROR_CONFLICT CONFIG_INTERFACE ".Conflict"
#define CONFIG_ERROR_NOTHING  CONFIG_INTERFACE ".NothingToCommit"
#define CONFIG_ERROR_STORAGE  CONFIG_INTERFACE ".StorageFailed"

/* What confd promises: a commit is answered when every running member has applied it. A member that does not run does
 * not block a commit. GetSlice is held back while a commit is under way, so that a slice is never half a commit; at its
 * start confd leads every running member to the running configuration, and repeats an apply that was not confirmed. */

/* org.sallyport.Member, served by each member on its own socket; callers: confd and root only.
 * Check(commit_id, text) -> (faults: []{line, reason}); Prepare(commit_id, text) -> (faults: …);
 * Apply(commit_id) -> (), error MEMBER_ERROR_NOT_PREPARED; Abort(commit_id) -> () */
#define MEMBER_INTERFACE "org.sallyport.Member"
#define MEMBER_ERROR_NOT_PREPARED MEMBER_INTERFACE ".NotPrepared"

#endif
