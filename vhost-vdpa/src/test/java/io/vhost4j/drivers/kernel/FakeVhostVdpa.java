// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The kernel's side of {@code /dev/vhost-vdpa-0}: notes what is asked, keeps mappings, fails on demand. */
final class FakeVhostVdpa implements VhostVdpaCalls {
    private static final int PAGE = 4096;

    final List<String> calls = new ArrayList<>();
    final Map<Long, Long> mappings = new TreeMap<>();
    final Map<Integer, Integer> bases = new HashMap<>();
    final Map<Long, Integer> errno = new HashMap<>();
    int openErrno;
    int id = VhostVdpaLayout.ID_NET;
    long backendFeatures =
            VhostVdpaLayout.BACKEND_MSG_V2 | VhostVdpaLayout.BACKEND_BATCH | VhostVdpaLayout.BACKEND_SUSPEND | 1L << 40;
    long features = VirtioFeature.maskOf(
            VirtioFeature.VERSION_1, VirtioFeature.ACCESS_PLATFORM, VirtioFeature.MAC, VirtioFeature.MQ);
    boolean refuses;
    int mapsUntilFailure = -1;
    int status;
    long acknowledged;
    /** Happens before each call. */
    volatile Runnable beforeOperation = () -> {};

    @Override
    public OwnedFd open(String path) {
        if (openErrno != 0) {
            throw new NativeException("open", openErrno, path);
        }
        return MemFd.create("vhost-vdpa", PAGE);
    }

    @Override
    public int ioctl(int fd, long request, MemorySegment argument) {
        beforeOperation.run();
        return answer(request, argument);
    }

    /** Whether nothing is mapped, and the device is reset. Any thread. */
    synchronized boolean isIdle() {
        return mappings.isEmpty() && status == 0;
    }

    private synchronized int answer(long request, MemorySegment argument) {
        Integer error = errno.get(request);
        if (error != null) {
            return -error;
        }
        if (request == VhostVdpaLayout.GET_DEVICE_ID) {
            argument.set(ValueLayout.JAVA_INT, 0, id);
        } else if (request == VhostVdpaLayout.GET_FEATURES) {
            argument.set(ValueLayout.JAVA_LONG, 0, features);
        } else if (request == VhostVdpaLayout.GET_BACKEND_FEATURES) {
            argument.set(ValueLayout.JAVA_LONG, 0, backendFeatures);
        } else if (request == VhostVdpaLayout.GET_VRING_NUM) {
            argument.set(ValueLayout.JAVA_SHORT, 0, (short) 256);
        } else if (request == VhostVdpaLayout.GET_CONFIG_SIZE) {
            argument.set(ValueLayout.JAVA_INT, 0, 12);
        } else if (request == VhostVdpaLayout.GET_CONFIG) {
            argument.fill((byte) 0);
            argument.set(ValueLayout.JAVA_BYTE, VhostVdpaLayout.CONFIG_HEADER, (byte) 3);
        } else if (request == VhostVdpaLayout.GET_STATUS) {
            argument.set(ValueLayout.JAVA_BYTE, 0, (byte) status);
        } else if (request == VhostVdpaLayout.GET_VRING_BASE) {
            int ring = argument.get(ValueLayout.JAVA_INT, 0);
            argument.set(ValueLayout.JAVA_INT, 4, bases.getOrDefault(ring, 0));
        } else {
            return set(request, argument);
        }
        return 0;
    }

    private int set(long request, MemorySegment argument) {
        if (request == VhostVdpaLayout.SET_STATUS) {
            status = argument.get(ValueLayout.JAVA_BYTE, 0);
            calls.add("status " + status);
            if (refuses) {
                status &= ~VhostVdpaLayout.STATUS_FEATURES_OK;
            }
        } else if (request == VhostVdpaLayout.SET_FEATURES) {
            acknowledged = argument.get(ValueLayout.JAVA_LONG, 0);
            calls.add("features");
        } else if (request == VhostVdpaLayout.SET_BACKEND_FEATURES) {
            calls.add("backend " + argument.get(ValueLayout.JAVA_LONG, 0));
        } else if (request == VhostVdpaLayout.SET_OWNER) {
            calls.add("owner");
        } else if (request == VhostVdpaLayout.SUSPEND) {
            calls.add("suspend");
        } else if (request == VhostVdpaLayout.SET_CONFIG_CALL) {
            calls.add("config call " + (argument.get(ValueLayout.JAVA_INT, 0) >= 0));
        } else if (request == VhostVdpaLayout.SET_VRING_ADDR) {
            calls.add("addresses " + argument.get(ValueLayout.JAVA_INT, 0));
        } else {
            return ring(request, argument.get(ValueLayout.JAVA_INT, 0), argument.get(ValueLayout.JAVA_INT, 4));
        }
        return 0;
    }

    private int ring(long request, int ring, int number) {
        if (request == VhostVdpaLayout.SET_VRING_NUM) {
            calls.add("size " + ring + " " + number);
        } else if (request == VhostVdpaLayout.SET_VRING_BASE) {
            calls.add("base " + ring + " " + number);
            bases.put(ring, number);
        } else if (request == VhostVdpaLayout.SET_VRING_ENABLE) {
            calls.add("enable " + ring + " " + number);
        } else if (request == VhostVdpaLayout.SET_VRING_KICK || request == VhostVdpaLayout.SET_VRING_CALL) {
            if (number >= 0 && !EventFd.isEventFd(number)) {
                return -Errno.EINVAL;
            }
            calls.add((request == VhostVdpaLayout.SET_VRING_KICK ? "kick " : "call ") + ring + " " + (number >= 0));
        } else {
            return -Errno.ENOTTY;
        }
        return 0;
    }

    @Override
    public long write(int fd, MemorySegment message) {
        beforeOperation.run();
        return take(message);
    }

    private synchronized long take(MemorySegment message) {
        int type = message.get(ValueLayout.JAVA_BYTE, VhostVdpaLayout.MSG_TYPE);
        long iova = message.get(ValueLayout.JAVA_LONG, VhostVdpaLayout.MSG_IOVA);
        long bytes = message.get(ValueLayout.JAVA_LONG, VhostVdpaLayout.MSG_SIZE);
        switch (type) {
            case VhostVdpaLayout.IOTLB_UPDATE -> {
                if (mapsUntilFailure-- == 0) {
                    throw new NativeException("write", Errno.ENOMEM, "as was asked for");
                }
                mappings.put(iova, bytes);
            }
            case VhostVdpaLayout.IOTLB_INVALIDATE -> mappings.remove(iova, bytes);
            case VhostVdpaLayout.IOTLB_BATCH_BEGIN -> calls.add("batch");
            case VhostVdpaLayout.IOTLB_BATCH_END -> calls.add("batch ends");
            default -> throw new AssertionError("message " + type);
        }
        return message.byteSize();
    }
}
