// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What is wrong with a command's options. */
final class Complaint {
    private Complaint() {}

    /** Ends the command with {@code complaint}, unless it is null. */
    static void raise(CommandSpec command, @Nullable String complaint) {
        if (complaint != null) {
            throw new ParameterException(command.commandLine(), complaint);
        }
    }
}
