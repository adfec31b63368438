// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** User-mode Linux with one card, which its own vhost-user front-end drives: no code of QEMU is involved. */
final class UmlGuest implements Guest {
    private static final int VIRTIO_ID_NET = 1;

    private final Program program;
    private final GuestShell shell;

    private UmlGuest(Program program) {
        this.program = program;
        this.shell = new GuestShell(program);
    }

    /**
     * Boots the guest.
     *
     * @param folder a folder for its files
     * @param socket the back-end's socket
     */
    static UmlGuest boot(Path folder, Path socket) {
        Map<String, String> environment = new HashMap<>(Map.of("HOME", folder.toString(), "TMPDIR", "/dev/shm"));
        Peers.find("uml.preload").ifPresent(library -> environment.put("LD_PRELOAD", library));
        List<String> command = List.of(
                Peers.program(Peer.UML),
                "mem=192M",
                "initrd=" + Peers.get("uml.root"),
                "quiet",
                "panic=-1",
                "con=null",
                "con0=fd:0,fd:1",
                "ssl=null",
                "CONSOLE=tty0",
                "NICS=1",
                "virtio_uml.device=" + socket + ":" + VIRTIO_ID_NET);
        UmlGuest guest = new UmlGuest(Program.start("user-mode Linux", command, environment));
        try {
            guest.shell.awaitBoot();
        } catch (AssertionError e) {
            e.addSuppressed(new AssertionError(
                    "user-mode Linux wrote:\n  " + guest.program.err().tail()));
            guest.close();
            throw e;
        }
        return guest;
    }

    @Override
    public GuestShell shell() {
        return shell;
    }

    @Override
    public boolean isAlive() {
        return program.isAlive();
    }

    @Override
    public void powerOff() {
        shell.start("poweroff -f");
        program.awaitExit(Program.END_LIMIT);
    }

    @Override
    public void close() {
        program.close();
    }
}
