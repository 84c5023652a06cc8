package send

// MonitoringTopic is the help topic about --metrics and --notify.
const MonitoringTopic = `How to get an alarm when a job of send fails, or does not run any more.

--metrics FILE writes metrics after every run, for the textfile collector of
Prometheus' node exporter. FILE has to end in .prom and to be in the folder that
the exporter was started with (--collector.textfile.directory), which has to be
writable. Give each job a file of its own: the label "name" is the file's name
without .prom.

  bulkinvite_last_run_timestamp_seconds      when the last run ended
  bulkinvite_last_success_timestamp_seconds  when one last ended with 0
  bulkinvite_last_run_exit_code              see bulkinvite help exit-codes
  bulkinvite_last_run_duration_seconds
  bulkinvite_last_run_rows                   by outcome: the status in the
                                             results, or the error code
  bulkinvite_last_run_invited_people         by that run
  bulkinvite_last_run_requests               by code: the HTTP status, or none
  bulkinvite_last_run_throttled_seconds      how long the API slowed it down
  bulkinvite_last_run_sandbox                1: it was a rehearsal
  bulkinvite_ledger_in_doubt_people          in the whole ledger

Rules for alerts:

  time() - bulkinvite_last_run_timestamp_seconds > 26 * 3600
      a nightly job did not run, was killed, or could not write the file
  bulkinvite_last_run_exit_code == 1 or bulkinvite_last_run_exit_code == 2
      or bulkinvite_last_run_exit_code == 4
      somebody has to fix something
  bulkinvite_last_run_exit_code == 3
      some rows failed; somebody should look by day
  time() - bulkinvite_last_success_timestamp_seconds > 7 * 86400
      nobody looked
  min_over_time(bulkinvite_ledger_in_doubt_people[2d]) > 0
      no later input names these people in doubt: bulkinvite status shows them,
      bulkinvite confirm settles them without inviting anybody

--notify URL posts JSON when a run ends. It has no names, addresses or ids of
people, and no names of files.

  text       a sentence; Slack and Teams show it
  status     finished, stopped, key_refused, quota_used_up, wrong_path,
             api_down, deadline_over or broken; if nothing was sent also refused
             or locked
  exit_code, run (its number in the ledger, or 0), rehearsal, seconds
  counts     rows, results, failed, requests, and rows by status and error code

Incoming webhooks of Slack and of Teams (workflows, too) need nothing else. For
a service that watches jobs, a request to its URL means success: put {exit_code}
into the URL where the service expects it, as in
https://healthchecks.example.com/ping/UUID/{exit_code}. URLs of hc-ping.com get
it without that. A rehearsal (--sandbox) does not call such URLs.

Anybody who knows the URL can write there: keep it in BULKINVITE_NOTIFY, in a
file that only the job can read, and not on the command line. A request is tried
three times, for 10 seconds each. Redirects are not followed.

Both happen at the end of every run, also of one that is refused or stopped; not
after a mistake in the flags, and not if the program is killed or ended by a
second signal. If one fails, the log has a warning, and the exit code stays.

On SIGUSR1 (kill -USR1) a run logs its progress.`
