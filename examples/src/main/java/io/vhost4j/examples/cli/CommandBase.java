// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command with {@code --json}; what it shares with the others. */
@Command(mixinStandardHelpOptions = true, sortOptions = false, usageHelpAutoWidth = true)
public abstract class CommandBase implements Callable<Integer> {
    /** Exit code: all is well. */
    protected static final int OK = 0;
    /** Exit code: it went wrong. */
    protected static final int FAILED = 1;

    @Option(names = "--json", description = "Write one JSON object per line.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final Session session;

    /** Runs within {@code session}. */
    protected CommandBase(Session session) {
        this.session = session;
        this.spec = CommandSpec.create();
    }

    /** Whether to write JSON. */
    protected final boolean json() {
        return json;
    }

    /** Where to write. */
    protected final Output output() {
        return session.output();
    }

    /** How the command ends. */
    protected final StopSignal stop() {
        return session.stop();
    }

    /** The command as it was typed, such as {@code vhost4j forward}. */
    protected final String name() {
        return spec.qualifiedName();
    }

    /** Writes one line about what went wrong, after the command's name. */
    protected final void complain(String message) {
        output().complain(name() + ": " + message);
    }
}
