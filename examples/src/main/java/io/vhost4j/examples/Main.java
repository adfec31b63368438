// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import io.vhost4j.examples.cli.Failures;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.examples.cli.UsageException;
import io.vhost4j.examples.crypto.CryptoCommand;
import io.vhost4j.examples.demo.DemoCommand;
import io.vhost4j.examples.doctor.DoctorCommand;
import io.vhost4j.examples.forward.ForwardCommand;
import io.vhost4j.examples.ping.PingCommand;
import io.vhost4j.examples.pktgen.PktgenCommand;
import io.vhost4j.examples.vdpa.VdpaCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The launcher: {@code vhost4j <command> [options]}. */
@Command(
        name = "vhost4j",
        description = "A vhost back-end in pure Java, and tools around it.",
        mixinStandardHelpOptions = true,
        version = "vhost4j 0.1.0-SNAPSHOT",
        footer = {
            "",
            "Exit codes: 0 all is well, 1 it went wrong, 2 the options are wrong.",
            "'vhost4j <command> --help' shows the options of a command."
        })
public final class Main implements Runnable {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log what happens to standard error; show where failures come from.")
    private boolean verbose;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Output output;

    private Main(Output output) {
        this.output = output;
    }

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Output output = Output.ofProcess();
        StopSignal stop = new StopSignal();
        stop.handleSignals(output);
        int code = run(new Session(output, stop), args);
        stop.finished(code);
        System.exit(code);
    }

    /**
     * Runs one command.
     *
     * @return 0, or 1 for a failure, or 2 for wrong options
     */
    public static int run(Session session, String... args) {
        Main main = new Main(session.output());
        CommandLine line = new CommandLine(main)
                .addSubcommand("demo", new DemoCommand(session))
                .addSubcommand("forward", new ForwardCommand(session))
                .addSubcommand("crypto", new CryptoCommand(session))
                .addSubcommand("ping", new PingCommand(session))
                .addSubcommand("pktgen", new PktgenCommand(session))
                .addSubcommand("vdpa", new VdpaCommand(session))
                .addSubcommand("doctor", new DoctorCommand(session))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((failure, typed) -> main.wrongUsage(failure))
                .setExecutionExceptionHandler((failure, at, parsed) -> main.failed(at, failure))
                .setExecutionStrategy(parsed -> {
                    main.configureLog();
                    return new RunLast().execute(parsed);
                });
        try {
            return line.execute(args);
        } catch (LinkageError | OutOfMemoryError failure) {
            return main.failed(line, failure);
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private void configureLog() {
        if (verbose) {
            System.setProperty(LOG_LEVEL, "debug");
        } else if (System.getProperty(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, "warn");
        }
    }

    private int wrongUsage(ParameterException failure) {
        String name = failure.getCommandLine().getCommandSpec().qualifiedName();
        output.complain(
                name + ": " + Failures.oneLine(new UsageException(message(failure))) + " (see " + name + " --help)");
        return USAGE;
    }

    private static String message(ParameterException failure) {
        String message = failure.getMessage();
        return message == null ? "wrong options" : message;
    }

    private int failed(CommandLine at, Throwable failure) {
        String name = at.getCommandSpec().qualifiedName();
        if (failure instanceof UsageException) {
            output.complain(name + ": " + failure.getMessage() + " (see " + name + " --help)");
            return USAGE;
        }
        output.complain(name + ": " + Failures.oneLine(failure));
        if (verbose) {
            output.trace(failure);
        }
        return FAILED;
    }
}
