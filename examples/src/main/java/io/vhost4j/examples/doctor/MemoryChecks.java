// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.doctor;

import io.vhost4j.core.linux.LinuxProcess;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Prefetch;
import io.vhost4j.core.linux.UserFaultFd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Memory: huge pages, limits, shared memory, user faults, prefetching. */
final class MemoryChecks {
    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/hugepages");
    private static final long MEGABYTE = 1 << 20;
    private static final long ENOUGH_FILES = 1024;

    private MemoryChecks() {}

    static List<Finding> all() {
        List<Finding> findings = new ArrayList<>();
        for (String size : Sysfs.names(HUGE_PAGES, "hugepages-*")) {
            findings.add(hugePages(size));
        }
        findings.add(hugeMount());
        findings.add(lockedMemory());
        findings.add(openFiles());
        findings.add(memfd());
        findings.add(userfaultfd());
        findings.add(prefetch());
        return findings;
    }

    private static Finding hugePages(String size) {
        Path folder = HUGE_PAGES.resolve(size);
        long pages = Sysfs.number(folder.resolve("nr_hugepages"));
        long free = Sysfs.number(folder.resolve("free_hugepages"));
        String name = size.replace("hugepages-", "huge pages of ");
        return pages == 0
                ? Finding.none(name, "none; echo 512 > " + folder.resolve("nr_hugepages") + " reserves some")
                : Finding.ok(name, pages + ", " + free + " free");
    }

    private static Finding hugeMount() {
        List<String> mounts = Sysfs.text(Path.of("/proc/mounts"))
                .lines()
                .map(line -> line.split(" "))
                .filter(fields -> fields.length > 2 && fields[2].equals("hugetlbfs"))
                .map(fields -> fields[1])
                .toList();
        return mounts.isEmpty()
                ? Finding.none("hugetlbfs", "not mounted; only QEMU with mem-path and DPDK need it")
                : Finding.ok("hugetlbfs", "mounted on " + String.join(", ", mounts));
    }

    private static Finding lockedMemory() {
        long soft = LinuxProcess.lockedMemoryLimit().soft();
        return soft == LinuxProcess.Limit.UNLIMITED
                ? Finding.ok("locked memory", "no limit")
                : Finding.none(
                        "locked memory",
                        "at most " + soft / MEGABYTE
                                + " MB; DMA by VFIO wants all of a guest's memory: ulimit -l unlimited");
    }

    private static Finding openFiles() {
        long soft = LinuxProcess.openFilesLimit().soft();
        return soft == LinuxProcess.Limit.UNLIMITED || soft >= ENOUGH_FILES
                ? Finding.ok("open files", soft == LinuxProcess.Limit.UNLIMITED ? "no limit" : "at most " + soft)
                : Finding.none("open files", "at most " + soft + "; many queues need more: ulimit -n " + ENOUGH_FILES);
    }

    private static Finding memfd() {
        try (OwnedFd fd = MemFd.create("vhost4j-doctor", 0)) {
            return Finding.ok("memfd", fd.isOpen() ? "works" : "closed itself");
        } catch (NativeException e) {
            return Finding.bad("memfd", e.getMessage() + "; packet buffers and front-ends need it");
        }
    }

    private static Finding userfaultfd() {
        int fd = UserFaultFd.tryOpen(0);
        if (fd >= 0) {
            OwnedFd.of(fd).close();
            return Finding.ok("userfaultfd", "works");
        }
        boolean device = Files.isWritable(Path.of("/dev/userfaultfd"));
        return device
                ? Finding.ok("userfaultfd", "by /dev/userfaultfd")
                : Finding.none(
                        "userfaultfd", "not permitted; post-copy migration needs sysctl vm.unprivileged_userfaultfd=1");
    }

    private static Finding prefetch() {
        return Prefetch.AVAILABLE
                ? Finding.ok("prefetch", "works")
                : Finding.none(
                        "prefetch",
                        "off: not an x86-64 processor, -D" + Prefetch.PROPERTY
                                + "=false, or no executable memory (the log at info level says why); bursts to guests"
                                + " on distant processors are slower");
    }
}
