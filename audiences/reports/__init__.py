"""What the pages say about runs, audiences and a whole workspace; reads only."""
