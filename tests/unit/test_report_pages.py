from __future__ import annotations

from cloudsync.plan import Plan
from cloudsync.report import html, html_outcome, markdown, markdown_outcome, text, text_outcome
from tests.unit.report_plans import (
    BLOCKED,
    EVERYTHING,
    GONE,
    HALF,
    LISTED,
    OPEN,
    RUN,
)

FEW = Plan(LISTED.digest, (OPEN, HALF, BLOCKED, GONE))


def body(page: str) -> str:
    """The page without its head, which is looked at apart."""
    return page[page.index("<body>") :]


TEXT = """\
8 targets: 1 gone, 1 unreadable, 3 missing, 1 open, 1 undetermined and 1 in sync; 4 steps.
Plan sha256:f640f3e46256c0da56e64d8709b88e9d50ce720cda766a58b37fd7b87dbacfa5.
List bundled (article39): published 2009-09-18, 12 networks, 1 of its entries leaving and still
  wanted; sha256:1111111111111111111111111111111111111111111111111111111111111111.

MISSING  aws:123456789012/eu-west-1/sg-0full  (mode enforce)
  Mail is lost: all 12 listed IPv4 addresses can't reach port 25: 203.0.113.1, 203.0.113.2,
    203.0.113.3, 203.0.113.4, 203.0.113.5, 203.0.113.6, 203.0.113.7, 203.0.113.8 and 4 more.
  Bypass open: 2,147,483,648 IPv4 addresses can reach port 25 here; not wanted: all of them, 1.0.0.0
    for one:
    through rule tcp/20-30 from 0.0.0.0/1 (security group): 2,147,483,648 IPv4 addresses
  Internal addresses that get in: 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8.
  Refused: would need 75 rules, the quota is 60. For one: 203.0.113.1. Nothing is planned here.
    Raise quota L-0EA8095F, or set widen: 24.

GONE  aws:123456789012/eu-west-1/sg-0gone  (mode add)
  Gone: it was there last time and is no longer found.

IN SYNC  aws:123456789012/eu-west-1/sg-0good  (mode enforce)
  12 IPv4 addresses can reach port 25 here.

MISSING  aws:123456789012/eu-west-1/sg-0half  (mode add)
  Mail is lost: 3 of 12 listed IPv4 addresses can't reach port 25: 203.0.113.10, 203.0.113.11,
    203.0.113.12.
  Bypass open: 16,777,481 IPv4 addresses can reach port 25 here; not wanted: 16,777,472 IPv4
    addresses, 198.51.100.0 for one:
    through rule tcp/25 from 198.51.100.0/24, 10.0.0.0/8 (security group): 16,777,472 IPv4 addresses
  Internal addresses that get in: 10.0.0.0/8.
  Mode add: what others opened stays open; closing it takes enforce, or a person.
  Step 1 adds 3 rules of ours:
    + tcp/25 from 203.0.113.10/32
    + tcp/25 from 203.0.113.11/32
    + tcp/25 from 203.0.113.12/32
  After these steps 16,777,484 IPv4 addresses instead of 16,777,481 IPv4 addresses can reach port 25
    here, and the target is open:
    still open: 16,777,472 IPv4 addresses
    through rule tcp/25 from 198.51.100.0/24, 10.0.0.0/8 (security group): 16,777,472 IPv4 addresses

OPEN  aws:123456789012/eu-west-1/sg-0open  (mode enforce)
  Bypass open: 4,294,967,296 IPv4 addresses and all of IPv6 can reach port 25 here; not wanted:
    4,294,967,283 IPv4 addresses and all of IPv6, 1.0.0.0 for one:
    through rule tcp/25 from 0.0.0.0/0 (security group): 4,294,967,283 IPv4 addresses
    through rule tcp/25 from ::/0 (security group): all of IPv6
  Internal addresses get in too, all of them.
  Health checks that get in: 168.63.129.16.
  Step 1 adds 12 rules of ours:
    + tcp/25 from 203.0.113.1/32
    + tcp/25 from 203.0.113.2/32
    + tcp/25 from 203.0.113.3/32
    + tcp/25 from 203.0.113.4/32
    + tcp/25 from 203.0.113.5/32
    + tcp/25 from 203.0.113.6/32
    + tcp/25 from 203.0.113.7/32
    + tcp/25 from 203.0.113.8/32
    + tcp/25 from 203.0.113.9/32
    + tcp/25 from 203.0.113.10/32
    + tcp/25 from 203.0.113.11/32
    + tcp/25 from 203.0.113.12/32
  Step 2 removes 2 rules of somebody else:
    - tcp/25 from 0.0.0.0/0
    - tcp/25 from ::/0
  After these steps 12 IPv4 addresses instead of 4,294,967,296 IPv4 addresses and all of IPv6 can
    reach port 25 here, and the target is in sync.

UNREADABLE  aws:123456789012/us-east-1  (mode add)
  Could not be read: access denied. Nothing is known of it, and nothing is planned.

UNDETERMINED  azure:sub/mail/nsg  (mode watch)
  13 IPv4 addresses can reach port 25 here.
  Undetermined: 2 IPv4 addresses, though wanted, may reach only some of the machines: 203.0.113.1,
    203.0.113.2.
  Undetermined: let in by a name that may stand for outside addresses: Storage.WestEurope.
  Let in by name: Storage.WestEurope, sg-0partner.
  Health checks that get in: 168.63.129.16.
  Mode watch: it is reported, and nothing is changed.

MISSING  gcp:prod/default/tag:smtp  (mode enforce)
  Mail is lost: 5 of 12 listed IPv4 addresses can't reach port 25: 203.0.113.8, 203.0.113.9,
    203.0.113.10, 203.0.113.11, 203.0.113.12.
    stopped by rule 90 deny abuse: 5 IPv4 addresses
  Bypass open: 248 IPv4 addresses can reach port 25 here; not wanted: 241 IPv4 addresses,
    203.0.113.0 for one:
    through rule 100 allow filter: 241 IPv4 addresses, at some of the machines
  Undetermined: 7 IPv4 addresses, though wanted, may reach only some of the machines: 203.0.113.1,
    203.0.113.2/31, 203.0.113.4/30.
  Blocked: rule 90 deny abuse stops 5 listed addresses and stays; set override_denies: true.
  Health checks come from 35.191.0.0/16.
  Not right yet: held and managed by.
  Step 1 rewrites 1 rule of ours:
    It touches also gcp:prod/default/tag:other.
    + 100 allow filter
    - 100 allow filter
  After these steps 504 IPv4 addresses instead of 248 IPv4 addresses can reach port 25 here, and the
    target is missing:
    still missing: 203.0.113.8/30, 203.0.113.12
    still open: 497 IPv4 addresses
    through rule 100 allow filter: 241 IPv4 addresses
    through rule 110 allow some: 256 IPv4 addresses, at some of the machines

Each verdict is of one target: other groups or policies on the same machine are not looked at yet.
"""


def test_a_plan_on_a_terminal() -> None:
    """Every kind of target reads as plain words, sorted by name, in at most 100 columns."""
    assert text(EVERYTHING, LISTED) == TEXT
    assert max(map(len, TEXT.splitlines())) <= 100


MARKDOWN = """\
## cloudsync plan

- 4 targets: 1 gone, 2 missing and 1 open; 4 steps.
- Plan `sha256:28ac23110c0e3f362a694c09776dc3da27e09c078ca083309acb8b3d95d775b2`.
- List `bundled` (article39): published 2009-09-18, 12 networks, 1 of its entries leaving and still wanted; `sha256:1111111111111111111111111111111111111111111111111111111111111111`.

| target | mode | verdict |
| --- | --- | --- |
| `aws:123456789012/eu-west-1/sg-0gone` | add | **gone** |
| `aws:123456789012/eu-west-1/sg-0half` | add | **missing** |
| `aws:123456789012/eu-west-1/sg-0open` | enforce | **open** |
| `gcp:prod/default/tag:smtp` | enforce | **missing** |

### `aws:123456789012/eu-west-1/sg-0gone`

Mode add: **gone**.

- Gone: it was there last time and is no longer found.

### `aws:123456789012/eu-west-1/sg-0half`

Mode add: **missing**.

- Mail is lost: 3 of 12 listed IPv4 addresses can't reach port 25: `203.0.113.10`, `203.0.113.11`, `203.0.113.12`.
- Bypass open: 16,777,481 IPv4 addresses can reach port 25 here; not wanted: 16,777,472 IPv4 addresses, `198.51.100.0` for one:
  - through rule `tcp/25 from 198.51.100.0/24, 10.0.0.0/8` (security group): 16,777,472 IPv4 addresses
- Internal addresses that get in: `10.0.0.0/8`.
- Mode add: what others opened stays open; closing it takes enforce, or a person.
- Step 1 adds 3 rules of ours:
  ```diff
  + tcp/25 from 203.0.113.10/32
  + tcp/25 from 203.0.113.11/32
  + tcp/25 from 203.0.113.12/32
  ```
- After these steps 16,777,484 IPv4 addresses instead of 16,777,481 IPv4 addresses can reach port 25 here, and the target is open:
  - still open: 16,777,472 IPv4 addresses
  - through rule `tcp/25 from 198.51.100.0/24, 10.0.0.0/8` (security group): 16,777,472 IPv4 addresses

### `aws:123456789012/eu-west-1/sg-0open`

Mode enforce: **open**.

- Bypass open: 4,294,967,296 IPv4 addresses and all of IPv6 can reach port 25 here; not wanted: 4,294,967,283 IPv4 addresses and all of IPv6, `1.0.0.0` for one:
  - through rule `tcp/25 from 0.0.0.0/0` (security group): 4,294,967,283 IPv4 addresses
  - through rule `tcp/25 from ::/0` (security group): all of IPv6
- Internal addresses get in too, all of them.
- Health checks that get in: `168.63.129.16`.
- Step 1 adds 12 rules of ours:
  ```diff
  + tcp/25 from 203.0.113.1/32
  + tcp/25 from 203.0.113.2/32
  + tcp/25 from 203.0.113.3/32
  + tcp/25 from 203.0.113.4/32
  + tcp/25 from 203.0.113.5/32
  + tcp/25 from 203.0.113.6/32
  + tcp/25 from 203.0.113.7/32
  + tcp/25 from 203.0.113.8/32
  + tcp/25 from 203.0.113.9/32
  + tcp/25 from 203.0.113.10/32
  + tcp/25 from 203.0.113.11/32
  + tcp/25 from 203.0.113.12/32
  ```
- Step 2 removes 2 rules of somebody else:
  ```diff
  - tcp/25 from 0.0.0.0/0
  - tcp/25 from ::/0
  ```
- After these steps 12 IPv4 addresses instead of 4,294,967,296 IPv4 addresses and all of IPv6 can reach port 25 here, and the target is in sync.

### `gcp:prod/default/tag:smtp`

Mode enforce: **missing**.

- Mail is lost: 5 of 12 listed IPv4 addresses can't reach port 25: `203.0.113.8`, `203.0.113.9`, `203.0.113.10`, `203.0.113.11`, `203.0.113.12`.
  - stopped by rule `90 deny abuse`: 5 IPv4 addresses
- Bypass open: 248 IPv4 addresses can reach port 25 here; not wanted: 241 IPv4 addresses, `203.0.113.0` for one:
  - through rule `100 allow filter`: 241 IPv4 addresses, at some of the machines
- Undetermined: 7 IPv4 addresses, though wanted, may reach only some of the machines: `203.0.113.1`, `203.0.113.2/31`, `203.0.113.4/30`.
- Blocked: rule `90 deny abuse` stops 5 listed addresses and stays; set override\\_denies: true.
- Health checks come from 35.191.0.0/16.
- Not right yet: held and managed by.
- Step 1 rewrites 1 rule of ours:
  - It touches also `gcp:prod/default/tag:other`.
  ```diff
  + 100 allow filter
  - 100 allow filter
  ```
- After these steps 504 IPv4 addresses instead of 248 IPv4 addresses can reach port 25 here, and the target is missing:
  - still missing: `203.0.113.8/30`, `203.0.113.12`
  - still open: 497 IPv4 addresses
  - through rule `100 allow filter`: 241 IPv4 addresses
  - through rule `110 allow some`: 256 IPv4 addresses, at some of the machines

*Each verdict is of one target: other groups or policies on the same machine are not looked at yet.*
"""


def test_a_plan_in_a_pull_request() -> None:
    """A table of verdicts, then each target; what is a rule, an address or a command is code."""
    assert markdown(FEW, LISTED) == MARKDOWN


HTML = """\
<body>
<h1>cloudsync plan</h1>
<p>4 targets: 1 gone, 2 missing and 1 open; 4 steps.</p>
<p>Plan <code>sha256:28ac23110c0e3f362a694c09776dc3da27e09c078ca083309acb8b3d95d775b2</code>.</p>
<p>List <code>bundled</code> (article39): published 2009-09-18, 12 networks, 1 of its entries leaving and still wanted; <code>sha256:1111111111111111111111111111111111111111111111111111111111111111</code>.</p>
<table>
<thead><tr><th>Target</th><th>Mode</th><th>Verdict</th></tr></thead>
<tbody>
<tr><td><a href="#t1"><code>aws:123456789012/eu-west-1/sg-0gone</code></a></td><td>add</td><td><span class="verdict verdict-gone">gone</span></td></tr>
<tr><td><a href="#t2"><code>aws:123456789012/eu-west-1/sg-0half</code></a></td><td>add</td><td><span class="verdict verdict-missing">missing</span></td></tr>
<tr><td><a href="#t3"><code>aws:123456789012/eu-west-1/sg-0open</code></a></td><td>enforce</td><td><span class="verdict verdict-open">open</span></td></tr>
<tr><td><a href="#t4"><code>gcp:prod/default/tag:smtp</code></a></td><td>enforce</td><td><span class="verdict verdict-missing">missing</span></td></tr>
</tbody>
</table>
<section id="t1">
<h2><code>aws:123456789012/eu-west-1/sg-0gone</code></h2>
<p>Mode add: <span class="verdict verdict-gone">gone</span></p>
<div class="block absent">
<p>Gone: it was there last time and is no longer found.</p>
</div>
</section>
<section id="t2">
<h2><code>aws:123456789012/eu-west-1/sg-0half</code></h2>
<p>Mode add: <span class="verdict verdict-missing">missing</span></p>
<div class="block missing">
<p>Mail is lost: 3 of 12 listed IPv4 addresses can&#x27;t reach port 25: <code>203.0.113.10</code>, <code>203.0.113.11</code>, <code>203.0.113.12</code>.</p>
</div>
<div class="block open">
<p>Bypass open: 16,777,481 IPv4 addresses can reach port 25 here; not wanted: 16,777,472 IPv4 addresses, <code>198.51.100.0</code> for one:</p>
<ul>
<li>through rule <code>tcp/25 from 198.51.100.0/24, 10.0.0.0/8</code> (security group): 16,777,472 IPv4 addresses</li>
</ul>
</div>
<div class="block plain">
<p>Internal addresses that get in: <code>10.0.0.0/8</code>.</p>
</div>
<div class="block plain">
<p>Mode add: what others opened stays open; closing it takes enforce, or a person.</p>
</div>
<div class="block step">
<p>Step 1 adds 3 rules of ours:</p>
<pre><ins>+ tcp/25 from 203.0.113.10/32</ins><br><ins>+ tcp/25 from 203.0.113.11/32</ins><br><ins>+ tcp/25 from 203.0.113.12/32</ins></pre>
</div>
<div class="block remains">
<p>After these steps 16,777,484 IPv4 addresses instead of 16,777,481 IPv4 addresses can reach port 25 here, and the target is open:</p>
<ul>
<li>still open: 16,777,472 IPv4 addresses</li>
<li>through rule <code>tcp/25 from 198.51.100.0/24, 10.0.0.0/8</code> (security group): 16,777,472 IPv4 addresses</li>
</ul>
</div>
</section>
<section id="t3">
<h2><code>aws:123456789012/eu-west-1/sg-0open</code></h2>
<p>Mode enforce: <span class="verdict verdict-open">open</span></p>
<div class="block open">
<p>Bypass open: 4,294,967,296 IPv4 addresses and all of IPv6 can reach port 25 here; not wanted: 4,294,967,283 IPv4 addresses and all of IPv6, <code>1.0.0.0</code> for one:</p>
<ul>
<li>through rule <code>tcp/25 from 0.0.0.0/0</code> (security group): 4,294,967,283 IPv4 addresses</li>
<li>through rule <code>tcp/25 from ::/0</code> (security group): all of IPv6</li>
</ul>
</div>
<div class="block plain">
<p>Internal addresses get in too, all of them.</p>
</div>
<div class="block plain">
<p>Health checks that get in: <code>168.63.129.16</code>.</p>
</div>
<div class="block step">
<p>Step 1 adds 12 rules of ours:</p>
<pre><ins>+ tcp/25 from 203.0.113.1/32</ins><br><ins>+ tcp/25 from 203.0.113.2/32</ins><br><ins>+ tcp/25 from 203.0.113.3/32</ins><br><ins>+ tcp/25 from 203.0.113.4/32</ins><br><ins>+ tcp/25 from 203.0.113.5/32</ins><br><ins>+ tcp/25 from 203.0.113.6/32</ins><br><ins>+ tcp/25 from 203.0.113.7/32</ins><br><ins>+ tcp/25 from 203.0.113.8/32</ins><br><ins>+ tcp/25 from 203.0.113.9/32</ins><br><ins>+ tcp/25 from 203.0.113.10/32</ins><br><ins>+ tcp/25 from 203.0.113.11/32</ins><br><ins>+ tcp/25 from 203.0.113.12/32</ins></pre>
</div>
<div class="block step">
<p>Step 2 removes 2 rules of somebody else:</p>
<pre><del>- tcp/25 from 0.0.0.0/0</del><br><del>- tcp/25 from ::/0</del></pre>
</div>
<div class="block after">
<p>After these steps 12 IPv4 addresses instead of 4,294,967,296 IPv4 addresses and all of IPv6 can reach port 25 here, and the target is in sync.</p>
</div>
</section>
<section id="t4">
<h2><code>gcp:prod/default/tag:smtp</code></h2>
<p>Mode enforce: <span class="verdict verdict-missing">missing</span></p>
<div class="block missing">
<p>Mail is lost: 5 of 12 listed IPv4 addresses can&#x27;t reach port 25: <code>203.0.113.8</code>, <code>203.0.113.9</code>, <code>203.0.113.10</code>, <code>203.0.113.11</code>, <code>203.0.113.12</code>.</p>
<ul>
<li>stopped by rule <code>90 deny abuse</code>: 5 IPv4 addresses</li>
</ul>
</div>
<div class="block open">
<p>Bypass open: 248 IPv4 addresses can reach port 25 here; not wanted: 241 IPv4 addresses, <code>203.0.113.0</code> for one:</p>
<ul>
<li>through rule <code>100 allow filter</code>: 241 IPv4 addresses, at some of the machines</li>
</ul>
</div>
<div class="block undetermined">
<p>Undetermined: 7 IPv4 addresses, though wanted, may reach only some of the machines: <code>203.0.113.1</code>, <code>203.0.113.2/31</code>, <code>203.0.113.4/30</code>.</p>
</div>
<div class="block remark">
<p>Blocked: rule <code>90 deny abuse</code> stops 5 listed addresses and stays; set override_denies: true.</p>
</div>
<div class="block remark">
<p>Health checks come from 35.191.0.0/16.</p>
</div>
<div class="block remark">
<p>Not right yet: held and managed by.</p>
</div>
<div class="block step">
<p>Step 1 rewrites 1 rule of ours:</p>
<ul>
<li>It touches also <code>gcp:prod/default/tag:other</code>.</li>
</ul>
<pre><ins>+ 100 allow filter</ins><br><del>- 100 allow filter</del></pre>
</div>
<div class="block remains">
<p>After these steps 504 IPv4 addresses instead of 248 IPv4 addresses can reach port 25 here, and the target is missing:</p>
<ul>
<li>still missing: <code>203.0.113.8/30</code>, <code>203.0.113.12</code></li>
<li>still open: 497 IPv4 addresses</li>
<li>through rule <code>100 allow filter</code>: 241 IPv4 addresses</li>
<li>through rule <code>110 allow some</code>: 256 IPv4 addresses, at some of the machines</li>
</ul>
</div>
</section>
<footer><p>Each verdict is of one target: other groups or policies on the same machine are not looked at yet.</p></footer>
</body>
</html>
"""


def test_a_plan_in_a_browser() -> None:
    """The same words as in the other formats, with the verdicts linked from a table."""
    assert body(html(FEW, LISTED)) == HTML


RUN_TEXT = """\
1 of 3 steps done.
Became in sync: aws:123456789012/eu-west-1/sg-0open.
Now: 5 targets: 1 gone, 1 unreadable, 1 missing and 2 in sync; 1 step.
Applied plan sha256:fea8d1269642b47f15f70b2f9347fe184273e2da94e6f9307e88adfd66b01c2c.
List bundled (article39): published 2009-09-18, 12 networks, 1 of its entries leaving and still
  wanted; sha256:1111111111111111111111111111111111111111111111111111111111111111.

UNREADABLE  aws:123456789012/eu-west-1/sg-0full  (mode enforce, was missing)
  Could not be read: it was not looked at again after the run. Nothing is known of it, and nothing
    is planned.

GONE  aws:123456789012/eu-west-1/sg-0gone  (mode add)
  Gone: it was there last time and is no longer found.

IN SYNC  aws:123456789012/eu-west-1/sg-0good  (mode enforce)
  12 IPv4 addresses can reach port 25 here.

MISSING  aws:123456789012/eu-west-1/sg-0half  (mode add)
  Throttled by the cloud: the step to add 3 rules of ours. RequestLimitExceeded. Run it again.
    + tcp/25 from 203.0.113.10/32
    + tcp/25 from 203.0.113.11/32
    + tcp/25 from 203.0.113.12/32
  Outbound rules differ, though cloudsync never touches them: sha256:aaaa before, sha256:bbbb after.
    See who changed them.
  Mail is lost: 3 of 12 listed IPv4 addresses can't reach port 25: 203.0.113.10, 203.0.113.11,
    203.0.113.12.
  Bypass open: 16,777,481 IPv4 addresses can reach port 25 here; not wanted: 16,777,472 IPv4
    addresses, 198.51.100.0 for one:
    through rule tcp/25 from 198.51.100.0/24, 10.0.0.0/8 (security group): 16,777,472 IPv4 addresses
  Internal addresses that get in: 10.0.0.0/8.
  Mode add: what others opened stays open; closing it takes enforce, or a person.
  Not right yet: failed.
  Step 1 adds 3 rules of ours:
    + tcp/25 from 203.0.113.10/32
    + tcp/25 from 203.0.113.11/32
    + tcp/25 from 203.0.113.12/32
  After these steps 16,777,484 IPv4 addresses instead of 16,777,481 IPv4 addresses can reach port 25
    here, and the target is open:
    still open: 16,777,472 IPv4 addresses
    through rule tcp/25 from 198.51.100.0/24, 10.0.0.0/8 (security group): 16,777,472 IPv4 addresses

IN SYNC  aws:123456789012/eu-west-1/sg-0open  (mode enforce, was open)
  Added 12 rules of ours:
    + tcp/25 from 203.0.113.1/32
    + tcp/25 from 203.0.113.2/32
    + tcp/25 from 203.0.113.3/32
    + tcp/25 from 203.0.113.4/32
    + tcp/25 from 203.0.113.5/32
    + tcp/25 from 203.0.113.6/32
    + tcp/25 from 203.0.113.7/32
    + tcp/25 from 203.0.113.8/32
    + tcp/25 from 203.0.113.9/32
    + tcp/25 from 203.0.113.10/32
    + tcp/25 from 203.0.113.11/32
    + tcp/25 from 203.0.113.12/32
  The answer was lost: the step to remove 2 rules of somebody else. the connection was closed.
    - tcp/25 from 0.0.0.0/0
    - tcp/25 from ::/0
  Outbound rules are as they were: sha256:aaaa.
  12 IPv4 addresses can reach port 25 here.

Each verdict is of one target: other groups or policies on the same machine are not looked at yet.
"""


def test_a_run_on_a_terminal() -> None:
    """What was done, what became in sync, and what remains and why; no target drops out."""
    assert text_outcome(RUN, LISTED) == RUN_TEXT


RUN_MARKDOWN = """\
## cloudsync report

- 1 of 3 steps done.
- Became in sync: `aws:123456789012/eu-west-1/sg-0open`.
- Now: 5 targets: 1 gone, 1 unreadable, 1 missing and 2 in sync; 1 step.
- Applied plan `sha256:fea8d1269642b47f15f70b2f9347fe184273e2da94e6f9307e88adfd66b01c2c`.
- List `sha256:1111111111111111111111111111111111111111111111111111111111111111`.

| target | mode | verdict |
| --- | --- | --- |
| `aws:123456789012/eu-west-1/sg-0full` | enforce | **unreadable**, was missing |
| `aws:123456789012/eu-west-1/sg-0gone` | add | **gone** |
| `aws:123456789012/eu-west-1/sg-0good` | enforce | **in sync** |
| `aws:123456789012/eu-west-1/sg-0half` | add | **missing** |
| `aws:123456789012/eu-west-1/sg-0open` | enforce | **in sync**, was open |

### `aws:123456789012/eu-west-1/sg-0full`

Mode enforce: **unreadable**, was missing.

- Could not be read: it was not looked at again after the run. Nothing is known of it, and nothing is planned.

### `aws:123456789012/eu-west-1/sg-0gone`

Mode add: **gone**.

- Gone: it was there last time and is no longer found.

### `aws:123456789012/eu-west-1/sg-0good`

Mode enforce: **in sync**.

- 12 IPv4 addresses can reach port 25 here.

### `aws:123456789012/eu-west-1/sg-0half`

Mode add: **missing**.

- Throttled by the cloud: the step to add 3 rules of ours. RequestLimitExceeded. Run it again.
  ```diff
  + tcp/25 from 203.0.113.10/32
  + tcp/25 from 203.0.113.11/32
  + tcp/25 from 203.0.113.12/32
  ```
- Outbound rules differ, though cloudsync never touches them: `sha256:aaaa` before, `sha256:bbbb` after. See who changed them.
- Mail is lost: 3 IPv4 addresses, though wanted, can't reach port 25: `203.0.113.10/31`, `203.0.113.12`.
- Bypass open: 16,777,481 IPv4 addresses can reach port 25 here; not wanted: 16,777,472 IPv4 addresses, `198.51.100.0` for one:
  - through rule `tcp/25 from 198.51.100.0/24, 10.0.0.0/8` (security group): 16,777,472 IPv4 addresses
- Internal addresses that get in: `10.0.0.0/8`.
- Mode add: what others opened stays open; closing it takes enforce, or a person.
- Not right yet: failed.
- Step 1 adds 3 rules of ours:
  ```diff
  + tcp/25 from 203.0.113.10/32
  + tcp/25 from 203.0.113.11/32
  + tcp/25 from 203.0.113.12/32
  ```
- After these steps 16,777,484 IPv4 addresses instead of 16,777,481 IPv4 addresses can reach port 25 here, and the target is open:
  - still open: 16,777,472 IPv4 addresses
  - through rule `tcp/25 from 198.51.100.0/24, 10.0.0.0/8` (security group): 16,777,472 IPv4 addresses

### `aws:123456789012/eu-west-1/sg-0open`

Mode enforce: **in sync**, was open.

- Added 12 rules of ours:
  ```diff
  + tcp/25 from 203.0.113.1/32
  + tcp/25 from 203.0.113.2/32
  + tcp/25 from 203.0.113.3/32
  + tcp/25 from 203.0.113.4/32
  + tcp/25 from 203.0.113.5/32
  + tcp/25 from 203.0.113.6/32
  + tcp/25 from 203.0.113.7/32
  + tcp/25 from 203.0.113.8/32
  + tcp/25 from 203.0.113.9/32
  + tcp/25 from 203.0.113.10/32
  + tcp/25 from 203.0.113.11/32
  + tcp/25 from 203.0.113.12/32
  ```
- The answer was lost: the step to remove 2 rules of somebody else. the connection was closed.
  ```diff
  - tcp/25 from 0.0.0.0/0
  - tcp/25 from ::/0
  ```
- Outbound rules are as they were: `sha256:aaaa`.
- 12 IPv4 addresses can reach port 25 here.

*Each verdict is of one target: other groups or policies on the same machine are not looked at yet.*
"""


def test_a_run_in_a_ticket() -> None:
    """A run reads in Markdown as on a terminal; without the list, addresses are not counted by it."""
    assert markdown_outcome(RUN) == RUN_MARKDOWN


RUN_HTML = """\
<body>
<h1>cloudsync report</h1>
<p>1 of 3 steps done.</p>
<p>Became in sync: <code>aws:123456789012/eu-west-1/sg-0open</code>.</p>
<p>Now: 5 targets: 1 gone, 1 unreadable, 1 missing and 2 in sync; 1 step.</p>
<p>Applied plan <code>sha256:fea8d1269642b47f15f70b2f9347fe184273e2da94e6f9307e88adfd66b01c2c</code>.</p>
<p>List <code>bundled</code> (article39): published 2009-09-18, 12 networks, 1 of its entries leaving and still wanted; <code>sha256:1111111111111111111111111111111111111111111111111111111111111111</code>.</p>
<table>
<thead><tr><th>Target</th><th>Mode</th><th>Verdict</th></tr></thead>
<tbody>
<tr><td><a href="#t1"><code>aws:123456789012/eu-west-1/sg-0full</code></a></td><td>enforce</td><td><span class="verdict verdict-unreadable">unreadable</span>, was missing</td></tr>
<tr><td><a href="#t2"><code>aws:123456789012/eu-west-1/sg-0gone</code></a></td><td>add</td><td><span class="verdict verdict-gone">gone</span></td></tr>
<tr><td><a href="#t3"><code>aws:123456789012/eu-west-1/sg-0good</code></a></td><td>enforce</td><td><span class="verdict verdict-in_sync">in sync</span></td></tr>
<tr><td><a href="#t4"><code>aws:123456789012/eu-west-1/sg-0half</code></a></td><td>add</td><td><span class="verdict verdict-missing">missing</span></td></tr>
<tr><td><a href="#t5"><code>aws:123456789012/eu-west-1/sg-0open</code></a></td><td>enforce</td><td><span class="verdict verdict-in_sync">in sync</span>, was open</td></tr>
</tbody>
</table>
<section id="t1">
<h2><code>aws:123456789012/eu-west-1/sg-0full</code></h2>
<p>Mode enforce: <span class="verdict verdict-unreadable">unreadable</span>, was missing</p>
<div class="block absent">
<p>Could not be read: it was not looked at again after the run. Nothing is known of it, and nothing is planned.</p>
</div>
</section>
<section id="t2">
<h2><code>aws:123456789012/eu-west-1/sg-0gone</code></h2>
<p>Mode add: <span class="verdict verdict-gone">gone</span></p>
<div class="block absent">
<p>Gone: it was there last time and is no longer found.</p>
</div>
</section>
<section id="t3">
<h2><code>aws:123456789012/eu-west-1/sg-0good</code></h2>
<p>Mode enforce: <span class="verdict verdict-in_sync">in sync</span></p>
<div class="block exposure">
<p>12 IPv4 addresses can reach port 25 here.</p>
</div>
</section>
<section id="t4">
<h2><code>aws:123456789012/eu-west-1/sg-0half</code></h2>
<p>Mode add: <span class="verdict verdict-missing">missing</span></p>
<div class="block failed">
<p>Throttled by the cloud: the step to add 3 rules of ours. RequestLimitExceeded. Run it again.</p>
<pre><ins>+ tcp/25 from 203.0.113.10/32</ins><br><ins>+ tcp/25 from 203.0.113.11/32</ins><br><ins>+ tcp/25 from 203.0.113.12/32</ins></pre>
</div>
<div class="block failed">
<p>Outbound rules differ, though cloudsync never touches them: <code>sha256:aaaa</code> before, <code>sha256:bbbb</code> after. See who changed them.</p>
</div>
<div class="block missing">
<p>Mail is lost: 3 of 12 listed IPv4 addresses can&#x27;t reach port 25: <code>203.0.113.10</code>, <code>203.0.113.11</code>, <code>203.0.113.12</code>.</p>
</div>
<div class="block open">
<p>Bypass open: 16,777,481 IPv4 addresses can reach port 25 here; not wanted: 16,777,472 IPv4 addresses, <code>198.51.100.0</code> for one:</p>
<ul>
<li>through rule <code>tcp/25 from 198.51.100.0/24, 10.0.0.0/8</code> (security group): 16,777,472 IPv4 addresses</li>
</ul>
</div>
<div class="block plain">
<p>Internal addresses that get in: <code>10.0.0.0/8</code>.</p>
</div>
<div class="block plain">
<p>Mode add: what others opened stays open; closing it takes enforce, or a person.</p>
</div>
<div class="block remark">
<p>Not right yet: failed.</p>
</div>
<div class="block step">
<p>Step 1 adds 3 rules of ours:</p>
<pre><ins>+ tcp/25 from 203.0.113.10/32</ins><br><ins>+ tcp/25 from 203.0.113.11/32</ins><br><ins>+ tcp/25 from 203.0.113.12/32</ins></pre>
</div>
<div class="block remains">
<p>After these steps 16,777,484 IPv4 addresses instead of 16,777,481 IPv4 addresses can reach port 25 here, and the target is open:</p>
<ul>
<li>still open: 16,777,472 IPv4 addresses</li>
<li>through rule <code>tcp/25 from 198.51.100.0/24, 10.0.0.0/8</code> (security group): 16,777,472 IPv4 addresses</li>
</ul>
</div>
</section>
<section id="t5">
<h2><code>aws:123456789012/eu-west-1/sg-0open</code></h2>
<p>Mode enforce: <span class="verdict verdict-in_sync">in sync</span>, was open</p>
<div class="block done">
<p>Added 12 rules of ours:</p>
<pre><ins>+ tcp/25 from 203.0.113.1/32</ins><br><ins>+ tcp/25 from 203.0.113.2/32</ins><br><ins>+ tcp/25 from 203.0.113.3/32</ins><br><ins>+ tcp/25 from 203.0.113.4/32</ins><br><ins>+ tcp/25 from 203.0.113.5/32</ins><br><ins>+ tcp/25 from 203.0.113.6/32</ins><br><ins>+ tcp/25 from 203.0.113.7/32</ins><br><ins>+ tcp/25 from 203.0.113.8/32</ins><br><ins>+ tcp/25 from 203.0.113.9/32</ins><br><ins>+ tcp/25 from 203.0.113.10/32</ins><br><ins>+ tcp/25 from 203.0.113.11/32</ins><br><ins>+ tcp/25 from 203.0.113.12/32</ins></pre>
</div>
<div class="block failed">
<p>The answer was lost: the step to remove 2 rules of somebody else. the connection was closed.</p>
<pre><del>- tcp/25 from 0.0.0.0/0</del><br><del>- tcp/25 from ::/0</del></pre>
</div>
<div class="block plain">
<p>Outbound rules are as they were: <code>sha256:aaaa</code>.</p>
</div>
<div class="block exposure">
<p>12 IPv4 addresses can reach port 25 here.</p>
</div>
</section>
<footer><p>Each verdict is of one target: other groups or policies on the same machine are not looked at yet.</p></footer>
</body>
</html>
"""


def test_a_run_in_a_browser() -> None:
    """A run reads in HTML as on a terminal, with the verdict that each target had before."""
    assert body(html_outcome(RUN, LISTED)) == RUN_HTML
