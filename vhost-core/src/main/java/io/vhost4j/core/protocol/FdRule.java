// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.layout.VhostUserMemory;

/** How many file descriptors come with a request. */
enum FdRule {
    /** None. */
    NONE(0, 0),
    /** Exactly one. */
    ONE(1, 1),
    /** One, or none; the payload may say which. */
    OPTIONAL(0, 1),
    /** One for each region of the table. */
    PER_REGION(0, VhostUserMemory.TABLE_MAX_REGIONS);

    private final int min;
    private final int max;

    FdRule(int min, int max) {
        this.min = min;
        this.max = max;
    }

    /** Throws if {@code count} descriptors cannot be right for {@code code}. */
    void check(RequestCode code, int count) {
        if (count < min || count > max) {
            String wanted = min == max ? Integer.toString(min) : min + " to " + max;
            throw new ProtocolException(code + " with " + count + " file descriptors: must have " + wanted);
        }
    }
}
