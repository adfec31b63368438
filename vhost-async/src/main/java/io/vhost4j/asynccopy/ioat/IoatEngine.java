// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.drivers.vfio.VfioKernel;
import java.util.ArrayList;
import java.util.List;

/** Functions with one hardware channel each, which any number of rings share; a new channel goes to the function with the fewest. */
final class IoatEngine implements DmaEngine {
    private final String name;
    private final List<IoatFunction> functions = new ArrayList<>();

    private IoatEngine(String name) {
        this.name = name;
    }

    static IoatEngine open(VfioKernel kernel, SysPci sys, List<String> addresses) {
        IoatEngine made = new IoatEngine("ioat:" + String.join(",", addresses));
        try {
            for (String address : addresses) {
                made.functions.add(IoatFunction.open(kernel, sys, address));
            }
            return made;
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public synchronized DmaChannel openChannel() {
        IoatFunction least = functions.getFirst();
        for (IoatFunction function : functions) {
            least = function.channels() < least.channels() ? function : least;
        }
        return least.openChannel();
    }

    @Override
    public void close() {
        functions.forEach(IoatFunction::close);
        functions.clear();
    }
}
