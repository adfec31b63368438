// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** A running command of the launcher {@code examples/vhost4j}, in its machine-readable form. */
public final class Launcher implements AutoCloseable {
    private final Program program;

    private Launcher(Program program) {
        this.program = program;
    }

    /** Starts a command with the JDK that runs the tests; {@code --json} is added. */
    public static Launcher start(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(script().toString()));
        command.addAll(arguments);
        command.add("--json");
        return new Launcher(Program.start("vhost4j " + arguments.getFirst(), command, environment()));
    }

    /** The launcher script of the working copy that the tests run in. */
    public static Path script() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null) {
            Path script = folder.resolve("examples").resolve("vhost4j");
            if (Files.isExecutable(script)) {
                return script;
            }
            folder = folder.getParent();
        }
        throw new IllegalStateException(
                "no examples/vhost4j above " + Path.of("").toAbsolutePath());
    }

    /** Makes the script take the JDK that runs the tests. */
    public static Map<String, String> environment() {
        return Map.of("JAVA_HOME", System.getProperty("java.home"));
    }

    /** Waits for an event from the start on. */
    public Map<String, Object> await(String event, Predicate<Map<String, Object>> wanted, Duration limit) {
        return await(Set.of(event), wanted, limit);
    }

    /** Waits for one of some kinds of events from the start on. */
    public Map<String, Object> await(Set<String> events, Predicate<Map<String, Object>> wanted, Duration limit) {
        try {
            int number = program.out().await(0, line -> is(line, events, wanted), "one of " + events, limit);
            return Json.object(program.out().line(number));
        } catch (AssertionError e) {
            e.addSuppressed(
                    new AssertionError("the launcher's log:\n  " + program.err().tail()));
            throw e;
        }
    }

    private static boolean is(String line, Set<String> events, Predicate<Map<String, Object>> wanted) {
        Map<String, Object> object = Json.object(line);
        return object.get("event") instanceof String event && events.contains(event) && wanted.test(object);
    }

    /** All events of a kind so far. */
    public List<Map<String, Object>> events(String event) {
        return program.out().since(0).stream()
                .map(Json::object)
                .filter(object -> event.equals(object.get("event")))
                .toList();
    }

    /** The process. */
    public Program program() {
        return program;
    }

    /** Ends it as Ctrl-C or a service manager would, fails unless it ends well, and returns its summary. */
    public Map<String, Object> finish() {
        program.terminate();
        int status = program.awaitExit(Program.END_LIMIT);
        if (status != 0) {
            throw new AssertionError(program.name() + " ended with status " + status + " after SIGTERM; its log:\n  "
                    + program.err().tail());
        }
        program.out().toEnd(Program.END_LIMIT);
        return await("summary", object -> true, Duration.ZERO);
    }

    @Override
    public void close() {
        program.close();
    }
}
