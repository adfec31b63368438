// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A guest with an emulated IOMMU and two network cards on one wire. Its kernel has the first, {@code eth0}; the second can be given to
 * programs by vfio-pci, and has the PCI subsystem ids of Intel's IFCVF. Programs and the JDK are those of this machine, whose files the guest sees.
 */
final class VdpaGuest implements AutoCloseable {
    /** The MAC address of the second card. */
    static final String MAC = "52:54:00:00:00:02";
    /** The socket in the guest. */
    static final String SOCKET = "/tmp/vdpa.sock";

    private static final String JAVA = System.getProperty("java.home")
            + "/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto --enable-native-access=";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(30);
    private static final int MODERN_NET = 0x1041;
    private static final int INTEL = 0x8086;
    private static final int IFCVF = 0x001a;
    private static final String SUBSYSTEM = " 0x8086:0x001a";

    private final QemuGuest guest;
    private final String address;

    private VdpaGuest(QemuGuest guest, String address) {
        this.guest = guest;
        this.address = address;
    }

    /**
     * DMA mappings since the guest started.
     *
     * @param mapped bytes that were mapped
     * @param unmapped bytes that were unmapped
     */
    record Dma(long mapped, long unmapped) {
        long left() {
            return mapped - unmapped;
        }
    }

    /** Boots the guest, and gives the card to vfio-pci. */
    static VdpaGuest boot(Path folder) {
        return boot(folder, shell -> {
            shell.run("trace_iommu");
            String bound = shell.run("bind_vfio 0x1041").trim();
            assertEquals(SUBSYSTEM, bound.substring(bound.indexOf(' ')), "ids of the card");
            shell.run("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; setup eth0 10.0.0.1");
            return bound.substring(0, bound.indexOf(' '));
        });
    }

    /** Boots the guest, and has its kernel simulate a vDPA device with a MAC address. */
    static VdpaGuest bootSimulator(Path folder, String mac) {
        return boot(folder, shell -> {
            shell.run("load vdpa-kernel && on_host vdpa dev add name vdpa0 mgmtdev vdpasim_net mac " + mac);
            shell.run("[ -e /dev/vhost-vdpa-0 ]");
            return "/dev/vhost-vdpa-0";
        });
    }

    /** {@code device}: prepares the device, and has its name. */
    private static VdpaGuest boot(Path folder, Function<GuestShell, String> device) {
        QemuGuest guest = options(folder).start();
        try {
            Await.until(guest::answers, answer -> answer, "QEMU's monitor", BOOT_LIMIT);
            SubsystemIds.change(guest.pid(), MODERN_NET, INTEL, IFCVF);
            guest.command("cont");
            guest.shell().awaitBoot();
            guest.shell().run("load vdpa && share");
            return new VdpaGuest(guest, device.apply(guest.shell()));
        } catch (AssertionError e) {
            guest.close();
            throw e;
        }
    }

    private static QemuGuest.Options options(Path folder) {
        return QemuGuest.options(Peer.QEMU, "vdpa", folder)
                .memory(1024)
                .cpus(2)
                // the first card is there from the start; huge pages are for testpmd
                .kernel("intel_iommu=on iommu=nopt mitigations=off hugepages=160 NICS=2")
                .arguments("-S", "-machine", "q35", "-device", "intel-iommu,intremap=on,aw-bits=48")
                .arguments("-netdev", "hubport,id=near,hubid=0", "-netdev", "hubport,id=far,hubid=0")
                .arguments("-device", "virtio-net-pci,romfile=,netdev=near,mac=52:54:00:00:00:01")
                .arguments(
                        "-device",
                        "virtio-net-pci,romfile=,netdev=far,mac=" + MAC
                                + ",disable-legacy=on,iommu_platform=on,packed=on")
                .arguments("-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap");
    }

    GuestShell shell() {
        return guest.shell();
    }

    /** Gives the device to a socket, until {@link #end} of {@code serve}. */
    void serve(String deviceArguments, String... options) {
        vhost4j(
                "serve",
                "vdpa --device " + address + deviceArguments + " --socket " + SOCKET + " " + String.join(" ", options));
        awaitText("serve", "listening");
    }

    /** Starts a command of the launcher's in the guest. */
    void vhost4j(String name, String command) {
        Path dist = Launcher.script().resolveSibling("target").resolve("dist");
        shell().run("launch " + name + " " + JAVA + "io.vhost4j.core -p " + dist
                + " -m io.vhost4j.examples/io.vhost4j.examples.Main " + command + " --json");
    }

    /** Starts a class of these tests on their class path, in the guest. */
    void launch(String name, Class<?> program, Object... arguments) {
        StringBuilder command = new StringBuilder("launch " + name + " " + JAVA + "ALL-UNNAMED -cp "
                + System.getProperty("java.class.path") + " " + program.getName());
        for (Object argument : arguments) {
            command.append(' ').append(argument);
        }
        shell().run(command.toString());
    }

    /** Starts testpmd. {@code forwarding}: its mode, and options. */
    void startTestpmd(boolean packed, String forwarding) {
        shell().run("launch testpmd stdbuf -oL " + Peers.program(Peer.TESTPMD)
                + " --lcores 0@0,1@1 --no-pci --file-prefix=vdpa -m 128 --single-file-segments --no-telemetry"
                + " --vdev net_virtio_user0,path=" + SOCKET + ",queues=1,queue_size=256,mac=" + MAC
                + (packed ? ",packed_vq=1" : "")
                + " -- --nb-cores=1 --total-num-mbufs=4096 --auto-start --stats-period 1 --forward-mode=" + forwarding);
        awaitText("testpmd", "packets/burst");
    }

    /** Waits until a program in the guest has written this, without spaces. */
    void awaitText(String name, String text) {
        awaitText(name, text, 1);
    }

    /** Waits until a program in the guest has written this, without spaces, in so many lines. */
    void awaitText(String name, String text, int lines) {
        shell().run("await " + name + " " + text + " " + lines, LIMIT);
    }

    /** Ends a program in the guest by SIGTERM, and fails unless it ends well. */
    void end(String name) {
        GuestShell.Answer answer = shell().tryRun("end " + name, LIMIT);
        assertEquals(0, answer.status(), () -> name + " ended badly:\n" + String.join("\n", output(name)));
    }

    /** All lines that a program in the guest has written. */
    List<String> output(String name) {
        return shell().run("cat /tmp/" + name + ".out").lines().toList();
    }

    /** The mappings, of which none was overlooked. */
    Dma dma() {
        String[] words = shell().run("dma").trim().split(" ");
        assertEquals("0", words[2], "events that the kernel's trace had no room for");
        return new Dma(Long.parseLong(words[0]), Long.parseLong(words[1]));
    }

    /** The last number behind {@code key} that a program in the guest has written. */
    long told(String name, String key) {
        Pattern pattern = Pattern.compile(".*" + Pattern.quote(key) + "\\s*(\\d+).*");
        return output(name).stream()
                .map(pattern::matcher)
                .filter(Matcher::matches)
                .mapToLong(match -> Long.parseLong(match.group(1)))
                .reduce((first, second) -> second)
                .orElseThrow(() -> new AssertionError(name + " did not tell " + key + ": " + output(name)));
    }

    /** KiB that are locked in memory for a program in the guest. */
    long lockedKib(String name) {
        return Long.parseLong(shell().run("locked " + name).trim());
    }

    /** Interrupts of the card so far. */
    long interrupts() {
        return Long.parseLong(shell().run("vectors " + address).trim());
    }

    /** A counter of the first card. */
    long counter(String name) {
        return Long.parseLong(
                shell().run("cat /sys/class/net/eth0/statistics/" + name).trim());
    }

    @Override
    public void close() {
        guest.close();
    }
}
