// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.doctor;

import io.vhost4j.examples.cli.Json;
import java.util.Locale;

/**
 * One thing looked at.
 *
 * @param name what it is
 * @param state how it is
 * @param detail what was found, and what to do where it matters
 */
record Finding(String name, State state, String detail) {
    /** How much a finding matters. */
    enum State {
        /** As it should be. */
        OK,
        /** Missing; some features are not available. */
        NONE,
        /** Missing; the library does not work. */
        BAD
    }

    static Finding ok(String name, String detail) {
        return new Finding(name, State.OK, detail);
    }

    static Finding none(String name, String detail) {
        return new Finding(name, State.NONE, detail);
    }

    static Finding bad(String name, String detail) {
        return new Finding(name, State.BAD, detail);
    }

    Json json() {
        return Json.object()
                .put("name", name)
                .put("state", state.name().toLowerCase(Locale.ROOT))
                .put("detail", detail);
    }
}
