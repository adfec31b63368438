// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

/** What a front-end sees of what the back-end makes of an attack. */
enum Reaction {
    /** The back-end closed the connection. */
    ENDED("session ended"),
    /** A request was answered by a failure, and the connection goes on. */
    REFUSED("refused"),
    /** The ring was stopped, and its error descriptor signalled. */
    BROKEN("ring broken"),
    /** The request was answered well, or the chain was given back. */
    TAKEN("taken"),
    /** Nothing that a front-end can see. */
    IGNORED("ignored"),
    /** No answer within the time that any answer may take. */
    SILENT("no answer");

    private final String text;

    Reaction(String text) {
        this.text = text;
    }

    /** For tables. */
    String text() {
        return text;
    }
}
