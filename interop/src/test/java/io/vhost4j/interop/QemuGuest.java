// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A Debian guest under QEMU with binary translation, which needs no right of any kind. */
final class QemuGuest implements Guest {
    private final Program program;
    private final GuestShell shell;
    private final Path monitor;

    private QemuGuest(Program program, Path monitor) {
        this.program = program;
        this.shell = new GuestShell(program);
        this.monitor = monitor;
    }

    /** What to start. */
    static final class Options {
        private final Peer peer;
        private final String name;
        private final Path folder;
        private final List<Nic> nics = new ArrayList<>();
        private int memoryMegabytes = 256;
        private int cpus;
        private String memoryOptions = "";
        private String kernelOptions = "";
        private final List<String> arguments = new ArrayList<>();

        private Options(Peer peer, String name, Path folder) {
            this.peer = Peers.chosen(peer);
            this.name = name;
            this.folder = folder;
        }

        /** Adds a card; they become eth0, eth1 and so on. */
        Options nic(Nic nic) {
            nics.add(nic);
            return this;
        }

        Options memory(int megabytes) {
            memoryMegabytes = megabytes;
            return this;
        }

        /** Asks for more CPUs than the cards' queues do. */
        Options cpus(int count) {
            cpus = count;
            return this;
        }

        /** Adds to {@code -m}, such as {@code ,slots=8,maxmem=2G}. */
        Options memoryOptions(String options) {
            memoryOptions = options;
            return this;
        }

        /** Adds words to the kernel's command line. */
        Options kernel(String words) {
            kernelOptions = " " + words;
            return this;
        }

        /** Adds arguments of QEMU, which stand before its cards. */
        Options arguments(String... words) {
            arguments.addAll(List.of(words));
            return this;
        }

        /** Starts the guest, and waits until its shell takes commands. */
        QemuGuest boot() {
            QemuGuest guest = start();
            try {
                guest.shell.awaitBoot();
            } catch (AssertionError e) {
                e.addSuppressed(new AssertionError(
                        "QEMU wrote:\n  " + guest.program.err().tail()));
                guest.close();
                throw e;
            }
            return guest;
        }

        /** Starts the guest without waiting. */
        QemuGuest start() {
            Path monitor = folder.resolve(name + ".qmp");
            return new QemuGuest(Program.start(name, command(monitor), Map.of()), monitor);
        }

        private List<String> command(Path monitor) {
            int most =
                    Math.max(cpus, nics.stream().mapToInt(Nic::queuePairs).max().orElse(1));
            String size = memoryMegabytes + "M";
            List<String> command = new ArrayList<>(List.of(
                    Peers.program(peer),
                    "-nodefaults",
                    "-display",
                    "none",
                    "-accel",
                    "tcg",
                    "-cpu",
                    "max",
                    "-m",
                    size + memoryOptions,
                    "-smp",
                    String.valueOf(most),
                    "-object",
                    "memory-backend-memfd,id=memory,share=on,size=" + size,
                    "-numa",
                    "node,memdev=memory",
                    "-kernel",
                    Peers.get("guest.kernel"),
                    "-initrd",
                    Peers.get("guest.root"),
                    "-append",
                    // the console is also where commands are answered: the kernel tells only of its end there
                    "console=ttyS0 quiet loglevel=2 panic=-1 CONSOLE=ttyS0 NICS=" + nics.size() + kernelOptions,
                    "-serial",
                    "stdio",
                    "-qmp",
                    "unix:" + monitor + ",server=on,wait=off"));
            Peers.find(peer.key() + ".data").ifPresent(folders -> {
                for (String data : folders.split(":")) {
                    command.addAll(List.of("-L", data));
                }
            });
            command.addAll(arguments);
            for (int i = 0; i < nics.size(); i++) {
                addNic(command, i);
            }
            return command;
        }

        private void addNic(List<String> command, int index) {
            Nic nic = nics.get(index);
            boolean multiQueue = nic.queuePairs() > 1;
            // The older QEMU crashes under binary translation when a vhost-user card uses MSI-X.
            String vectors = peer == Peer.QEMU ? ",vectors=0" : "";
            String mac = String.format(Locale.ROOT, "52:54:00:%02x:00:%02x", name.hashCode() & 0xff, index + 2);
            command.addAll(List.of(
                    "-chardev", "socket,id=socket" + index + ",path=" + nic.socket() + nic.socketOptions(),
                    "-netdev", "vhost-user,id=net" + index + ",chardev=socket" + index + ",queues=" + nic.queuePairs(),
                    "-device",
                            "virtio-net-pci,romfile=,netdev=net" + index + ",mac=" + mac + vectors
                                    + (multiQueue ? ",mq=on" : "") + nic.deviceOptions()));
        }
    }

    /**
     * The options of a guest.
     *
     * @param peer which QEMU
     * @param name its name in messages and its files
     * @param folder where its monitor socket goes
     */
    static Options options(Peer peer, String name, Path folder) {
        return new Options(peer, name, folder);
    }

    @Override
    public GuestShell shell() {
        return shell;
    }

    @Override
    public boolean isAlive() {
        return program.isAlive();
    }

    /** QEMU's process. */
    long pid() {
        return program.pid();
    }

    /** Resets the machine as its button would. */
    void reset() {
        command("system_reset");
    }

    /** Ends QEMU at once, without telling the guest. */
    void quit() {
        command("quit");
        program.awaitExit(Program.END_LIMIT);
    }

    /** Whether the monitor can be reached yet: some time after {@link Options#start}, and always after {@link Options#boot}. */
    boolean answers() {
        try {
            command("query-status");
            return true;
        } catch (UncheckedIOException e) {
            if (!program.isAlive()) {
                throw new AssertionError("QEMU ended: " + program.err().tail(), e);
            }
            return false;
        }
    }

    /** Executes a monitor command, see {@link Qmp#execute(String)}. */
    Object command(String command) {
        return command(command, "{}");
    }

    /** Executes a monitor command, see {@link Qmp#execute(String, String)}. */
    Object command(String command, String arguments) {
        try (Qmp qmp = Qmp.connect(monitor)) {
            return qmp.execute(command, arguments);
        }
    }

    @Override
    public void powerOff() {
        shell.start("poweroff -f");
        int status = program.awaitExit(Program.END_LIMIT);
        if (status != 0) {
            throw new AssertionError(
                    "QEMU ended with status " + status + ":\n  " + program.err().tail());
        }
    }

    /** What QEMU wrote to standard error. */
    LineLog errors() {
        return program.err();
    }

    @Override
    public void close() {
        program.close();
    }
}
