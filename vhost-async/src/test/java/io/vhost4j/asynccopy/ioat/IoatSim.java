// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.drivers.vfio.Mmio;
import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.drivers.vfio.VfioKernel;
import io.vhost4j.drivers.vfio.VfioLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * An I/OAT engine at the level of its registers, behind a kernel's VFIO. It reaches only what is mapped for DMA; what it is asked for beyond
 * halts it, as does every descriptor that it is told to fail at.
 */
final class IoatSim implements VfioKernel, Mmio {
    static final String ADDRESS = "0000:00:04.0";
    private static final String GROUP = "9";
    private static final int PAGE = 4096;
    private static final long SPAN = 1L << 40;
    private static final int INVALID_ADDRESS = 1;

    /** The engine does nothing until it is let go, or never again reacts to a reset. */
    boolean frozen;

    boolean deaf;
    /** Number of the descriptor, from now on, that is an error; negative for none. */
    int failAt = -1;
    /** What it claims to have completed; 0 for the truth. */
    long lie;

    int version = 0x34;
    int deviceId = 0x0b00;
    int channelResets;
    int functionResets;
    long copies;

    private final TreeMap<Long, long[]> dma = new TreeMap<>();
    private final Map<Integer, String> files = new HashMap<>();
    private final byte[] config = new byte[4096];

    private int control;
    private int state = IoatLayout.HALTED;
    private int error = 0x10;
    private long chain;
    private long completionAt;
    private long next;
    private long last;
    private int wanted;
    private int processed;

    SysPci sysfs(Path root) {
        try {
            Path folder = Files.createDirectories(root.resolve(ADDRESS));
            Files.writeString(folder.resolve("vendor"), "0x8086\n");
            Files.writeString(folder.resolve("device"), String.format("0x%04x%n", deviceId));
            Files.writeString(folder.resolve("subsystem_vendor"), "0x8086\n");
            Files.writeString(folder.resolve("subsystem_device"), "0x0000\n");
            Files.createSymbolicLink(folder.resolve("iommu_group"), Path.of("../../iommu_groups/" + GROUP));
            Files.createSymbolicLink(folder.resolve("driver"), Path.of("../../drivers/vfio-pci"));
            return new SysPci(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the engine ----

    /** Works off descriptors up to the doorbell's count. */
    void run() {
        while (!frozen && state != IoatLayout.HALTED && processed != wanted) {
            state = IoatLayout.ACTIVE;
            processed = processed + 1 & 0xffff;
            if (!step()) {
                error |= INVALID_ADDRESS;
                state = IoatLayout.HALTED;
            }
            complete();
        }
        if (state == IoatLayout.ACTIVE && processed == wanted) {
            state = IoatLayout.IDLE;
            complete();
        }
    }

    private boolean step() {
        long at = translate(next, IoatLayout.DESC_BYTES);
        if (at == 0 || failAt == 0) {
            failAt = -1;
            return false;
        }
        failAt = failAt < 0 ? failAt : failAt - 1;
        int bytes = HostWindow.getInt(at + IoatLayout.DESC_SIZE);
        int operation = HostWindow.getInt(at + IoatLayout.DESC_CONTROL);
        long from = translate(HostWindow.getLong(at + IoatLayout.DESC_SOURCE), bytes);
        long to = translate(HostWindow.getLong(at + IoatLayout.DESC_TARGET), bytes);
        if (from == 0 || to == 0 || bytes <= 0 || operation != IoatLayout.CONTROL_COMPLETION) {
            return false;
        }
        HostWindow.copy(from, to, bytes);
        copies++;
        last = next;
        next = HostWindow.getLong(at + IoatLayout.DESC_NEXT);
        return true;
    }

    private void complete() {
        long at = translate(completionAt, Long.BYTES);
        if (at != 0) {
            HostWindow.setLong(at, (lie == 0 ? last : lie) | state);
        }
    }

    private long translate(long iova, long bytes) {
        Map.Entry<Long, long[]> entry = dma.floorEntry(iova);
        return entry == null || iova + bytes > entry.getKey() + entry.getValue()[1]
                ? 0
                : entry.getValue()[0] + iova - entry.getKey();
    }

    // ---- its registers ----

    @Override
    public long size() {
        return 4096;
    }

    @Override
    public int get8(long offset) {
        return switch ((int) offset) {
            case IoatLayout.CHANCNT -> 1;
            case IoatLayout.XFERCAP -> 20;
            case IoatLayout.CBVER -> version;
            case IoatLayout.CHANCMD -> deaf ? IoatLayout.CMD_RESET : 0;
            default -> throw new AssertionError("get8 " + offset);
        };
    }

    @Override
    public int get16(long offset) {
        throw new AssertionError("get16 " + offset);
    }

    @Override
    public int get32(long offset) {
        run();
        return switch ((int) offset) {
            case IoatLayout.CHANSTS -> (int) last & ~IoatLayout.STATE_MASK | state;
            case IoatLayout.CHANERR -> error;
            default -> throw new AssertionError("get32 " + offset);
        };
    }

    @Override
    public void set8(long offset, int value) {
        if (offset != IoatLayout.CHANCMD) {
            throw new AssertionError("set8 " + offset);
        }
        if (value == IoatLayout.CMD_RESET && !deaf) {
            channelResets++;
            wanted = 0;
            processed = 0;
            last = 0;
            lie = 0;
            if (error == 0) {
                state = IoatLayout.SUSPENDED;
            }
        } else if (value == IoatLayout.CMD_SUSPEND && state != IoatLayout.HALTED) {
            state = IoatLayout.SUSPENDED;
        }
    }

    @Override
    public void set16(long offset, int value) {
        switch ((int) offset) {
            case IoatLayout.CHANCTRL -> control = value;
            case IoatLayout.DMACOUNT -> {
                if (control != IoatLayout.CTRL_ERRORS) {
                    throw new AssertionError("control " + control);
                }
                wanted = value;
                run();
            }
            default -> throw new AssertionError("set16 " + offset);
        }
    }

    @Override
    public void set32(long offset, int value) {
        switch ((int) offset) {
            case IoatLayout.CHANERR -> error &= ~value;
            case IoatLayout.CHANCMP -> completionAt = completionAt & -1L << 32 | Integer.toUnsignedLong(value);
            case IoatLayout.CHANCMP + 4 -> completionAt = completionAt & 0xffff_ffffL | (long) value << 32;
            case IoatLayout.CHAINADDR -> chain = chain & -1L << 32 | Integer.toUnsignedLong(value);
            case IoatLayout.CHAINADDR + 4 -> {
                chain = chain & 0xffff_ffffL | (long) value << 32;
                next = chain;
                if (error == 0) {
                    state = IoatLayout.ARMED;
                }
            }
            default -> throw new AssertionError("set32 " + offset);
        }
    }

    // ---- the kernel ----

    @Override
    public OwnedFd open(String path) {
        OwnedFd fd = MemFd.create("vfio", PAGE);
        files.put(fd.fd(), path.equals("/dev/vfio/vfio") ? "container" : "group");
        return fd;
    }

    @Override
    public int ioctl(int fd, long request, MemorySegment argument) {
        if (request == VfioLayout.GROUP_GET_STATUS) {
            argument.set(ValueLayout.JAVA_INT, 4, VfioLayout.GROUP_VIABLE);
        } else if (request == VfioLayout.GROUP_GET_DEVICE_FD) {
            int device = MemFd.create("vfio-device", PAGE).release();
            files.put(device, "device");
            return device;
        } else if (request == VfioLayout.DEVICE_GET_INFO) {
            argument.set(ValueLayout.JAVA_INT, 8, 9);
        } else if (request == VfioLayout.DEVICE_GET_REGION_INFO) {
            int index = argument.get(ValueLayout.JAVA_INT, 8);
            argument.set(ValueLayout.JAVA_INT, 4, index == 0 ? VfioLayout.REGION_MMAP : 0);
            argument.set(ValueLayout.JAVA_LONG, 16, index == 0 || index == VfioLayout.REGION_CONFIG ? 4096 : 0);
            argument.set(ValueLayout.JAVA_LONG, 24, index * SPAN);
        } else if (request == VfioLayout.IOMMU_MAP_DMA) {
            return map(argument);
        } else if (request == VfioLayout.IOMMU_UNMAP_DMA) {
            return dma.remove(argument.get(ValueLayout.JAVA_LONG, 8)) == null ? -Errno.EINVAL : 0;
        }
        return 0;
    }

    private int map(MemorySegment request) {
        long host = request.get(ValueLayout.JAVA_LONG, 8);
        long iova = request.get(ValueLayout.JAVA_LONG, 16);
        long bytes = request.get(ValueLayout.JAVA_LONG, 24);
        Map.Entry<Long, long[]> before = dma.floorEntry(iova + bytes - 1);
        if (before != null && before.getKey() + before.getValue()[1] > iova) {
            return -Errno.EEXIST;
        }
        dma.put(iova, new long[] {host, bytes});
        return 0;
    }

    int mappings() {
        return dma.size();
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        if (request == VfioLayout.DEVICE_RESET) {
            functionResets++;
            return 0;
        }
        return request == VfioLayout.CHECK_EXTENSION ? 1 : 0;
    }

    @Override
    public long pread(int fd, MemorySegment into, long position) {
        MemorySegment.copy(
                MemorySegment.ofArray(config), position - VfioLayout.REGION_CONFIG * SPAN, into, 0, into.byteSize());
        return into.byteSize();
    }

    @Override
    public long pwrite(int fd, MemorySegment from, long position) {
        MemorySegment.copy(
                from, 0, MemorySegment.ofArray(config), position - VfioLayout.REGION_CONFIG * SPAN, from.byteSize());
        return from.byteSize();
    }

    @Override
    public Mmio map(int fd, long offset, long bytes) {
        if (!"device".equals(files.get(fd)) || offset != 0) {
            throw new NativeException("mmap", Errno.EINVAL, "offset " + offset);
        }
        return this;
    }

    @Override
    public void close() {
        // the registers are this object
    }
}
