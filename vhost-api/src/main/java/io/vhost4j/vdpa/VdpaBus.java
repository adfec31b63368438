// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import io.vhost4j.ConfigurationException;
import io.vhost4j.spi.VdpaDriver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The vDPA devices of this process and what uses them. Devices are added by name, with the arguments of their driver behind commas:
 * {@code 0000:3b:00.2,vdpa=1,sw-live-migration=1}. Any thread; listeners are called on the thread that causes the event.
 */
public final class VdpaBus {
    private final List<VdpaDriver> drivers;
    private final List<Consumer<VdpaEvent>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private static final class Entry {
        final VdpaDevice device;

        @Nullable
        VdpaBusDriver user;

        Entry(VdpaDevice device) {
            this.device = device;
        }
    }

    /** A bus whose devices come from {@code drivers}, the first that knows a name. */
    public VdpaBus(List<VdpaDriver> drivers) {
        this.drivers = List.copyOf(drivers);
    }

    /** A bus whose devices come from the drivers on the module or class path. */
    public static VdpaBus create() {
        List<VdpaDriver> found = new ArrayList<>();
        ServiceLoader.load(VdpaDriver.class, VdpaDriver.class.getClassLoader()).forEach(found::add);
        return new VdpaBus(found);
    }

    /** The names that devices of this machine can be added by, without those that would be made anew. */
    public List<String> candidates() {
        return drivers.stream().flatMap(driver -> driver.candidates().stream()).toList();
    }

    /**
     * Opens a device.
     *
     * @param spec its name, then {@code ,key=value} for each argument
     * @throws ConfigurationException if no driver knows the name, an argument is wrong, or it was added before
     * @throws io.vhost4j.VhostException if the device cannot be opened
     */
    public VdpaDevice add(String spec) {
        String[] parts = spec.split(",", -1);
        Map<String, String> arguments = arguments(spec, parts);
        VdpaDriver driver = drivers.stream()
                .filter(candidate -> candidate.knows(parts[0]))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("vDPA device '" + parts[0]
                        + "': no driver for such a name; known are "
                        + String.join(
                                ", ",
                                drivers.stream().map(VdpaDriver::nameForms).toList())));
        synchronized (this) {
            if (entries.containsKey(parts[0])) {
                throw new ConfigurationException("vDPA device " + parts[0] + " was added already");
            }
            VdpaDevice device = driver.open(parts[0], arguments);
            entries.put(parts[0], new Entry(device));
            tell(VdpaEvent.Kind.ADDED, device, "");
            return device;
        }
    }

    private static Map<String, String> arguments(String spec, String[] parts) {
        Map<String, String> arguments = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            if (equals < 1) {
                throw new ConfigurationException(
                        "vDPA device '" + spec + "': argument '" + parts[i] + "': write key=value");
            }
            arguments.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
        }
        return arguments;
    }

    /**
     * Closes a device and forgets it.
     *
     * @throws ConfigurationException if there is none of this name, or it is in use
     */
    public synchronized void delete(String name) {
        Entry entry = entry(name);
        if (entry.user != null) {
            throw new ConfigurationException(
                    "vDPA device " + name + " is bound to " + entry.user.name() + ": unbind it first");
        }
        entries.remove(name);
        entry.device.close();
        tell(VdpaEvent.Kind.DELETED, entry.device, "");
    }

    /** All devices, in the order they were added. */
    public synchronized List<VdpaDevice> list() {
        return entries.values().stream().map(entry -> entry.device).toList();
    }

    /** The device of this name; mirrors {@code rte_vdpa_find_device_by_name}. */
    public synchronized @Nullable VdpaDevice findDeviceByName(String name) {
        Entry entry = entries.get(name);
        return entry == null ? null : entry.device;
    }

    /** The name of what uses a device, empty if nothing does. */
    public synchronized String userOf(String name) {
        VdpaBusDriver user = entry(name).user;
        return user == null ? "" : user.name();
    }

    /**
     * Lets a bus driver use a device.
     *
     * @throws ConfigurationException if it is in use
     */
    public synchronized void bind(String name, VdpaBusDriver driver) {
        Entry entry = entry(name);
        if (entry.user != null) {
            throw new ConfigurationException("vDPA device " + name + " is bound to " + entry.user.name() + " already");
        }
        driver.bind(entry.device);
        entry.user = driver;
        tell(VdpaEvent.Kind.BOUND, entry.device, driver.name());
    }

    /** Ends the use of a device. Does nothing if nothing uses it. */
    public synchronized void unbind(String name) {
        Entry entry = entry(name);
        VdpaBusDriver user = entry.user;
        if (user != null) {
            user.unbind(entry.device);
            entry.user = null;
            tell(VdpaEvent.Kind.UNBOUND, entry.device, user.name());
        }
    }

    /** Tells {@code listener} of events from now on. */
    public void addListener(Consumer<VdpaEvent> listener) {
        listeners.add(listener);
    }

    /** Tells {@code listener} no more. */
    public void removeListener(Consumer<VdpaEvent> listener) {
        listeners.remove(listener);
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new ConfigurationException("vDPA device " + name + ": there is none of this name");
        }
        return entry;
    }

    private void tell(VdpaEvent.Kind what, VdpaDevice device, String detail) {
        VdpaEvent event = new VdpaEvent(what, device.identity(), detail);
        listeners.forEach(listener -> listener.accept(event));
    }
}
