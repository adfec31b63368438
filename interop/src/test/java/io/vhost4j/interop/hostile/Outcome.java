// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What became of a back-end after a case.
 *
 * @param reaction what the attacker saw
 * @param lived whether the process is alive
 * @param death how it died, empty if it lives
 * @param served whether a well-behaved front-end was served on the same socket afterwards
 * @param leaked what the process still holds, empty if nothing
 * @param gapMillis the longest pause of the bystander's traffic
 * @param counted whether a counter of errors changed, or there are none
 * @param log lines of its log about the case
 */
record Outcome(
        Reaction reaction,
        boolean lived,
        String death,
        boolean served,
        String leaked,
        long gapMillis,
        boolean counted,
        List<String> log) {
    /** The longest pause that the bystander's traffic may have. */
    static final long GAP_LIMIT_MILLIS = 100;
    /** More complaints than this about one case are a flood, which a guest could cause at will. */
    private static final int LOG_LIMIT = 250;

    private static final Set<Reaction> TO_TELL = Set.of(Reaction.ENDED, Reaction.REFUSED, Reaction.BROKEN);

    /** Whether the log should have said something and did not; it may have said so much before that it had to stop. */
    boolean isUntold() {
        return TO_TELL.contains(reaction) && log.isEmpty();
    }

    /** What is wrong about the process, whatever the reaction was. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (!lived) {
            problems.add("died: " + death);
        } else if (!served) {
            problems.add("the next front-end was not served");
        }
        if (!leaked.isEmpty()) {
            problems.add("leaked: " + leaked);
        }
        if (gapMillis > GAP_LIMIT_MILLIS) {
            problems.add("the bystander waited " + gapMillis + " ms");
        }
        return problems;
    }

    /** As {@link #problems}, with what only our back-end has to do: react as expected, and tell the log. */
    List<String> problems(HostileCase of) {
        List<String> problems = problems();
        if (!of.expected().contains(reaction)) {
            problems.add("reaction: " + reaction.text() + ", expected one of " + of.expected());
        }
        if (isUntold()) {
            problems.add("not a line in the log");
        }
        if (TO_TELL.contains(reaction) && !counted) {
            problems.add("no counter changed");
        }
        if (log.size() > LOG_LIMIT) {
            problems.add(log.size() + " lines in the log");
        }
        return problems;
    }

    /** Whether nothing about the process is wrong but for how long the bystander waited. */
    boolean onlySlow() {
        return lived && served && leaked.isEmpty() && gapMillis > GAP_LIMIT_MILLIS;
    }

    Outcome withGap(long millis) {
        return new Outcome(reaction, lived, death, served, leaked, millis, counted, log);
    }
}
