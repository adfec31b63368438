// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.util.EnumSet;
import java.util.Set;

/**
 * Something that a hostile front-end does.
 *
 * @param name unique, in words
 * @param lesson the advisory or the rule that it stands for
 * @param expected how our back-end may react; DPDK may do as it likes
 * @param setup where it begins
 * @param attack what it does
 */
record HostileCase(String name, String lesson, Set<Reaction> expected, Setup setup, Attack attack) {
    /** The attack proper; returns what it saw of it. */
    @FunctionalInterface
    interface Attack {
        Reaction on(Attacker attacker);
    }

    static HostileCase of(String name, String lesson, Setup setup, Attack attack, Reaction first, Reaction... others) {
        return new HostileCase(name, lesson, EnumSet.of(first, others), setup, attack);
    }

    @Override
    public String toString() {
        return name;
    }
}
