// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.doctor;

import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Machine;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.packet.PacketPool;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/** Says what this machine has. */
@Command(name = "doctor", description = "Say what this machine has: JDK, memory, devices, and how to start QEMU.")
public final class DoctorCommand extends CommandBase {
    private static final String QEMU_COMMAND =
            "qemu-system-x86_64 -m 1024 -machine q35,accel=kvm:tcg,memory-backend=mem"
                    + " -object memory-backend-memfd,id=mem,size=1024M,share=on"
                    + " -chardev socket,id=vhost0,path=/tmp/vhost.sock"
                    + " -netdev vhost-user,id=net0,chardev=vhost0"
                    + " -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01"
                    + " -nographic -drive file=GUEST.qcow2,if=virtio";

    /** Runs within {@code session}. */
    public DoctorCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() {
        List<Finding> findings = new ArrayList<>();
        findings.add(jdk());
        findings.add(Finding.ok("CPUs", "may run on " + Machine.usableCpus()));
        findings.add(nativeAccess());
        findings.addAll(MemoryChecks.all());
        findings.addAll(DeviceChecks.all());
        findings.addAll(ProgramChecks.all());
        boolean good = findings.stream().noneMatch(finding -> finding.state() == Finding.State.BAD);
        if (json()) {
            output().json(Json.event("doctor")
                    .put("ok", good)
                    .put("checks", findings.stream().map(Finding::json).toList())
                    .put("qemu_command", QEMU_COMMAND));
        } else {
            print(findings);
        }
        return good ? OK : FAILED;
    }

    private void print(List<Finding> findings) {
        int width = findings.stream()
                .mapToInt(finding -> finding.name().length())
                .max()
                .orElse(0);
        for (Finding finding : findings) {
            String mark = switch (finding.state()) {
                case OK -> "ok ";
                case NONE -> " - ";
                case BAD -> "BAD";
            };
            String padding = " ".repeat(width - finding.name().length());
            output().line(mark + "  " + finding.name() + padding + "  " + finding.detail());
        }
        output().line("");
        output().line("A network card for a guest: start 'vhost4j forward --mode icmpecho --socket /tmp/vhost.sock',"
                + " then");
        output().line("  " + QEMU_COMMAND);
        output().line("(share=on lets the back-end see the guest's memory; without KVM the guest is slow)");
    }

    private static Finding jdk() {
        return Finding.ok(
                "JDK",
                System.getProperty("java.vm.version") + ", " + System.getProperty("java.vendor") + ", "
                        + System.getProperty("os.arch") + ", Linux " + System.getProperty("os.version"));
    }

    private static Finding nativeAccess() {
        boolean enabled = PacketPool.class.getModule().getLayer() == null
                || ModuleLayer.boot()
                        .findModule("io.vhost4j.core")
                        .map(Module::isNativeAccessEnabled)
                        .orElse(true);
        return enabled
                ? Finding.ok("native access", "enabled")
                : Finding.bad("native access", "denied; start the JVM with --enable-native-access=io.vhost4j.core");
    }
}
